#include "node/cli/admin_client.h"

#include <filesystem>

#include "node/config.h"
#include "node/host_port.h"
#include "node/local_access.h"

namespace node::cli {
namespace {

crdt::Result<HostPort> address_of(const AdminOptions& options, const std::string& data_dir) {
  if (!options.address.empty()) return parse_host_port(options.address);
  if (!data_dir.empty()) return read_admin_address(data_dir);
  return crdt::Error("no peer is named: --data, --config or --address");
}

crdt::Result<std::string> token_of(const AdminOptions& options, const std::string& data_dir) {
  if (!options.token_file.empty()) return read_token(options.token_file);
  if (data_dir.empty()) {
    return crdt::Error(
        "--address needs --token-file: a copy of operator.token or reader.token, "
        "which lie in the peer's data folder");
  }
  auto token = read_token(operator_token_file(data_dir));
  if (token) return token;
  // Whoever may only look has only been given the other one.
  auto reader = read_token(reader_token_file(data_dir));
  return reader ? reader : token;
}

}  // namespace

void add_admin_options(CLI::App& command, AdminOptions& options) {
  CLI::Option* data =
      command.add_option("--data", options.data, "the peer's data_dir, on its machine");
  command.add_option("--config", options.config, "or its configuration, which names that")
      ->excludes(data);
  command.add_option("--address", options.address, "or its admin address, host:port");
  command.add_option("--token-file", options.token_file,
                     "holds the token; default: operator.token in the peer's data_dir");
}

void require_peer(const AdminOptions& options) {
  if (options.data.empty() && options.config.empty() && options.address.empty()) {
    throw CLI::RequiredError("--data, --config or --address");
  }
}

crdt::Result<std::string> data_dir_of(const AdminOptions& options) {
  if (!options.config.empty()) return data_dir_in(options.config);
  return {boost::system::in_place_value, options.data};
}

crdt::Result<AdminClient> AdminClient::open(const AdminOptions& options,
                                            std::chrono::milliseconds timeout) {
  const auto data_dir = data_dir_of(options);
  if (!data_dir) return data_dir.error();
  const auto address = address_of(options, *data_dir);
  if (!address) return address.error();
  auto token = token_of(options, *data_dir);
  if (!token) return token.error();
  return AdminClient(HttpClient(address->host, address->port, timeout), to_string(*address),
                     std::move(*token));
}

HttpCall AdminClient::call_of(std::string_view method, std::string_view target,
                              const nlohmann::json& body) const {
  HttpCall call{std::string(method), std::string(target), {}, {}};
  call.headers.emplace_back("Authorization", "Bearer " + token_);
  if (body.is_null()) return call;
  call.headers.emplace_back("Content-Type", "application/json");
  call.body = body.dump();
  return call;
}

crdt::Result<HttpAnswer> AdminClient::call(std::string_view method, std::string_view target,
                                           const nlohmann::json& body) {
  auto answer = http_.call(call_of(method, target, body));
  if (!answer) return crdt::Error(answer.error().message + "; does the peer run?");
  return answer;
}

crdt::Result<nlohmann::json> AdminClient::ask(std::string_view method, std::string_view target,
                                              const nlohmann::json& body) {
  const auto answer = call(method, target, body);
  if (!answer) return answer.error();
  return body_in(*answer, address_);
}

crdt::Result<void> AdminClient::stream(std::string_view method, std::string_view target,
                                       const nlohmann::json& body,
                                       const HttpClient::OnPart& on_part) {
  const auto answer = http_.stream(call_of(method, target, body), on_part);
  if (!answer) return crdt::Error(answer.error().message);
  if (answer->status != 200) return refusal_in(*answer);
  return {};
}

crdt::Result<nlohmann::json> body_in(const HttpAnswer& answer, const std::string& who) {
  if (answer.status != 200) return refusal_in(answer);
  auto json = nlohmann::json::parse(answer.body, nullptr, false);
  if (json.is_discarded()) return crdt::Error(who + " did not answer with JSON");
  return {boost::system::in_place_value, std::move(json)};
}

crdt::Error refusal_in(const HttpAnswer& answer) {
  const auto json = nlohmann::json::parse(answer.body, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_string()) {
    return crdt::Error(json["error"].get<std::string>());
  }
  return crdt::Error("what answers there is no peer's admin address, by its answer of " +
                     std::to_string(answer.status));
}

}  // namespace node::cli
