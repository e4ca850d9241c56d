// AdminClient: how commands reach a running peer's admin API.
//
// Shape    --data or --config names the peer's folder, where its address and a token lie
//          (node/local_access.h); --address and --token-file say them outright, or instead of what
//          lies there.
// Errors   one sentence: what could not be found, reached, or what the peer refused.
// Thread   one.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "crdt/result.h"
#include "node/http_client.h"

namespace node::cli {

struct AdminOptions {
  std::string data;        // The peer's data_dir.
  std::string config;      // Its configuration, which names that.
  std::string address;     // "host:port"
  std::string token_file;  // Whose first word is the token.
};

// Adds the four options. `options` outlives `command`.
void add_admin_options(CLI::App& command, AdminOptions& options);

// For a command's callback: throws the usage error of a line that names no peer.
void require_peer(const AdminOptions& options);

// options.data, or what options.config says; empty where neither is given.
[[nodiscard]] crdt::Result<std::string> data_dir_of(const AdminOptions& options);

class AdminClient {
 public:
  static constexpr std::chrono::seconds kAnswerWithin{10};  // A person waits at the terminal.

  [[nodiscard]] static crdt::Result<AdminClient> open(
      const AdminOptions& options, std::chrono::milliseconds timeout = kAnswerWithin);

  // Any answer; an Error where there is none.
  [[nodiscard]] crdt::Result<HttpAnswer> call(std::string_view method, std::string_view target,
                                              const nlohmann::json& body = {});

  // The body of an answer of 200. A refusal is an Error, in the peer's words.
  [[nodiscard]] crdt::Result<nlohmann::json> ask(std::string_view method, std::string_view target,
                                                 const nlohmann::json& body = {});

  // As ask(), for answers that come in parts (HttpClient::stream).
  [[nodiscard]] crdt::Result<void> stream(std::string_view method, std::string_view target,
                                          const nlohmann::json& body,
                                          const HttpClient::OnPart& on_part);

  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  AdminClient(HttpClient http, std::string address, std::string token)
      : http_(std::move(http)), address_(std::move(address)), token_(std::move(token)) {}

  [[nodiscard]] HttpCall call_of(std::string_view method, std::string_view target,
                                 const nlohmann::json& body) const;

  HttpClient http_;
  std::string address_;
  std::string token_;
};

// The body of an answer of 200; an Error, in the peer's words, where it refused. `who` answered.
[[nodiscard]] crdt::Result<nlohmann::json> body_in(const HttpAnswer& answer,
                                                   const std::string& who);

// What the peer said where it refused.
[[nodiscard]] crdt::Error refusal_in(const HttpAnswer& answer);

}  // namespace node::cli
