#include "node/local_access.h"

#include <filesystem>

#include "node/text_file.h"

namespace node {
namespace {

std::string file_in(const std::string& data_dir, const char* name) {
  return (std::filesystem::path(data_dir) / name).string();
}

std::string first_word(std::string_view text) {
  return std::string(text.substr(0, text.find_first_of(" \t\r\n")));
}

crdt::Result<AdminToken> open_token(const std::string& file, AdminRole role, crdt::Rng& rng,
                                    std::vector<std::string>& warnings) {
  std::error_code unknown;
  const std::string name(to_string(role));
  if (!std::filesystem::exists(file, unknown)) {
    const auto made = write_new_file(file, draw_token(rng, name) + "\n");
    if (!made) return made.error();
  }
  const auto text = read_text_file(file);
  if (!text) return text.error();
  if (text->world_readable) {
    warnings.push_back("every user of this machine can read " + file + "; chmod 600 it");
  }
  const std::string token = first_word(text->text);
  if (token.empty()) {
    return crdt::Error(file + " holds no token; delete it, and the peer makes a new one");
  }
  return AdminToken{name, role, hash_token(token)};
}

}  // namespace

std::string operator_token_file(const std::string& data_dir) {
  return file_in(data_dir, "operator.token");
}

std::string reader_token_file(const std::string& data_dir) {
  return file_in(data_dir, "reader.token");
}

std::string admin_address_file(const std::string& data_dir) {
  return file_in(data_dir, "admin.address");
}

crdt::Result<std::vector<AdminToken>> open_local_tokens(const std::string& data_dir, crdt::Rng& rng,
                                                        std::vector<std::string>& warnings) {
  std::vector<AdminToken> tokens;
  for (const AdminRole role : {AdminRole::kOperator, AdminRole::kReader}) {
    const bool all = role == AdminRole::kOperator;
    const std::string file = all ? operator_token_file(data_dir) : reader_token_file(data_dir);
    const auto token = open_token(file, role, rng, warnings);
    if (!token) return token.error();
    tokens.push_back(*token);
  }
  return tokens;
}

crdt::Result<std::string> read_token(const std::string& file) {
  const auto text = read_text_file(file);
  if (!text) return text.error();
  std::string token = first_word(text->text);
  if (token.empty()) return crdt::Error(file + " holds no token");
  return {boost::system::in_place_value, std::move(token)};
}

crdt::Result<void> publish_admin_address(const std::string& data_dir, const std::string& address) {
  auto parsed = parse_host_port(address);
  if (!parsed) return parsed.error();
  if (parsed->host == "0.0.0.0") parsed->host = "127.0.0.1";
  if (parsed->host == "::") parsed->host = "::1";
  const std::string file = admin_address_file(data_dir);
  const std::string text = to_string(*parsed) + "\n";
  const auto before = read_text_file(file);
  if (before && before->text == text) return {};  // Nothing to write, nothing to fail.
  return replace_file(file, text);
}

crdt::Result<HostPort> read_admin_address(const std::string& data_dir) {
  const std::string file = admin_address_file(data_dir);
  const auto text = read_text_file(file);
  if (!text) {
    return crdt::Error(text.error().message +
                       "; has a peer been started on this folder? (muster "
                       "serve)");
  }
  const auto address = parse_host_port(first_word(text->text));
  if (!address) return crdt::Error(file + ": " + address.error().message);
  return *address;
}

}  // namespace node
