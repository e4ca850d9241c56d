// Replication: 3, 32 and 100 real peers, serf beside them, repair at 100,000 channels; some minutes
//
// With arguments it is `muster bench replication` with these, in the build's own program.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace {

// Its exit code; 1 where it did not end by itself.
int run(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 1;
  return WEXITSTATUS(status);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> replication = {MUSTER_BINARY, "bench", "replication"};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command = replication;
    command.insert(command.end(), more.begin(), more.end());
    return run(command);
  };
  if (argc > 1) return with({argv + 1, argv + argc});
  int worst = 0;
  for (const char* peers : {"32", "100"}) worst = std::max(worst, with({"--peers", peers}));
  worst = std::max(worst, with({"--peers", "3", "--channels", "100000"}));
  for (const char* program : {"bench_wire", "bench_documents"}) {
    worst = std::max(worst, run({std::string(MUSTER_BENCHES) + "/" + program}));
  }
  return worst;
}
