#include "gossip/token.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/check.h"
#include "crdt/hash64.h"
#include "gossip/noise_hash.h"

namespace gossip {
namespace {

using crdt::ByteReader;
using crdt::Bytes;
using crdt::BytesView;
using crdt::ByteWriter;
using crdt::Error;
using crdt::Result;

constexpr std::string_view kPrefix = "muster-join-1.";
constexpr int kBase64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::size_t kChecksumBytes = 8;

std::string to_base64(BytesView bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), kBase64), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), kBase64);
  text.pop_back();  // The end that C wants.
  return text;
}

// Empty where it is not base64. Encoded again it must be the same text: libsodium also takes octets
// from 0x80 up, each for some letter.
Bytes from_base64(std::string_view text) {
  Bytes bytes(text.size(), '\0');
  std::size_t size = 0;
  const int bad = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                                    text.data(), text.size(), nullptr, &size, nullptr, kBase64);
  bytes.resize(bad == 0 ? size : 0);
  return to_base64(bytes) == text ? bytes : Bytes();
}

std::string_view without_space(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

Result<Token> read_token(BytesView body) {
  ByteReader in(body);
  Token token;
  const auto permit = decode_permit(in.short_run());
  token.cluster = in.short_run(kClusterNameBytesMax);
  in.fill(token.operators).fill(token.seed.bytes);
  in.fill(token.pre_shared_key.bytes);
  const std::uint64_t sponsors = in.varint();
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(sponsors, kSponsorsMax); ++i) {
    Sponsor sponsor;
    sponsor.address = in.short_run(kMemberAddressBytesMax);
    in.fill(sponsor.key.bytes);
    token.sponsors.push_back(std::move(sponsor));
  }
  if (!permit || !in.at_end() || token.sponsors.empty()) return Error("this is no whole token");
  token.permit = *permit;
  return token;
}

}  // namespace

OperatorsHash hash_of(const std::set<VerifyKey>& operators) {
  ByteWriter keys;
  for (const VerifyKey& key : operators) keys.octets(view_of(key.bytes));
  const Hash hash = blake2b({"muster operators 1", keys.take()});
  OperatorsHash out;
  std::copy_n(hash.begin(), out.size(), out.begin());
  return out;
}

PreSharedKey joining_key(const PreSharedKey& cluster_secret, const TokenId& id) {
  return derive_key(cluster_secret, "muster joining link 1", view_of(id));
}

std::string exposed_text(const Token& token) {
  CHECK(!token.sponsors.empty() && token.sponsors.size() <= kSponsorsMax);
  ByteWriter out;
  const Bytes permit = encode(token.permit);
  out.short_run(permit).short_run(token.cluster);
  out.octets(view_of(token.operators))
      .octets(view_of(token.seed.bytes))
      .octets(view_of(token.pre_shared_key.bytes));
  out.varint(token.sponsors.size());
  for (const Sponsor& sponsor : token.sponsors) {
    out.short_run(sponsor.address).octets(view_of(sponsor.key.bytes));
  }
  Bytes body = out.take();
  body += crdt::big_endian(crdt::hash64(body));
  return std::string(kPrefix) + to_base64(body);
}

Result<Token> token_from_text(std::string_view text) {
  text = without_space(text);
  if (!text.starts_with(kPrefix)) {
    return Error("this is no token: one begins with " + std::string(kPrefix));
  }
  if (text.size() > kTokenTextBytesMax) return Error("this token is too long to be one");
  const Bytes whole = from_base64(text.substr(kPrefix.size()));
  const BytesView body =
      BytesView(whole).substr(0, whole.size() - std::min(whole.size(), kChecksumBytes));
  if (body.empty() || crdt::big_endian(crdt::hash64(body)) != whole.substr(body.size())) {
    return Error("this token is not whole: copy all of it, from muster-join-1. to its end");
  }
  Result<Token> token = read_token(body);
  if (!token) return token.error();
  if (!permit_verifies(token->cluster, token->permit) ||
      verify_key_of(token->seed) != token->permit.token_key) {
    return Error("this token was not signed by the operator it names; ask for a new one");
  }
  return token;
}

}  // namespace gossip
