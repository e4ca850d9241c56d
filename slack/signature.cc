#include "slack/signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <tuple>

#include "crdt/bytes.h"
#include "crdt/check.h"

namespace slack {
namespace {

constexpr std::string_view kVersion = "v0";
constexpr std::string_view kPrefix = "v0=";
constexpr std::size_t kTimestampDigitsMax = 12;  // Lasts 30,000 years and cannot overflow.

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// The digest that `signature` names; nothing where it is not "v0=" and lower-case hex.
template <std::size_t size>
std::optional<std::array<unsigned char, size>> digest_of(std::string_view signature) {
  if (signature.size() != kPrefix.size() + 2 * size || !signature.starts_with(kPrefix)) {
    return std::nullopt;
  }
  signature.remove_prefix(kPrefix.size());
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::array<unsigned char, size> octets;
  for (std::size_t i = 0; i < size; ++i) {
    const int high = digit(signature[2 * i]);
    const int low = digit(signature[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    octets[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return octets;
}

}  // namespace

std::string_view describe(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGenuine:
      return "genuine signature";
    case Verdict::kMissing:
      return "missing signature or timestamp";
    case Verdict::kDoubled:
      return "signature or timestamp sent more than once";
    case Verdict::kMalformed:
      return "malformed signature or timestamp";
    case Verdict::kStale:
      return "stale signature";
    case Verdict::kFuture:
      return "signature from the future";
    case Verdict::kForged:
      return "wrong signature";
  }
  CHECK(false);
}

std::optional<std::chrono::seconds> parse_timestamp(std::string_view text) {
  if (text.empty() || text.size() > kTimestampDigitsMax) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return std::chrono::seconds{value};
}

void Verifier::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

Verifier::Verifier(std::string_view signing_secret) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(
      EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
  CHECK(hmac != nullptr);
  keyed_.reset(EVP_MAC_CTX_new(hmac.get()));
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 2> params{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  CHECK(EVP_MAC_init(keyed_.get(), octets(signing_secret), signing_secret.size(), params.data()));
}

Verifier::Digest Verifier::digest(std::string_view timestamp, std::string_view body) {
  EVP_MAC_CTX* context = keyed_.get();
  // Without a key, init goes back to the state that follows the pads.
  CHECK(EVP_MAC_init(context, nullptr, 0, nullptr));
  std::string prefix(kVersion);
  prefix.append(":").append(timestamp).append(":");
  Digest digest;
  std::size_t written = 0;
  CHECK(EVP_MAC_update(context, octets(prefix), prefix.size()));
  CHECK(EVP_MAC_update(context, octets(body), body.size()));
  CHECK(EVP_MAC_final(context, digest.data(), &written, digest.size()));
  CHECK(written == digest.size());
  return digest;
}

std::string Verifier::sign(std::string_view timestamp, std::string_view body) {
  const Digest signature = digest(timestamp, body);
  const auto* octets = reinterpret_cast<const char*>(signature.data());
  return std::string(kPrefix) + crdt::to_hex({octets, signature.size()});
}

Verdict Verifier::check(const Header& timestamp, const Header& signature, std::string_view body,
                        crdt::WallTime now) {
  if (timestamp.count == 0 || signature.count == 0) return Verdict::kMissing;
  if (timestamp.count > 1 || signature.count > 1) return Verdict::kDoubled;
  const auto sent = parse_timestamp(timestamp.value);
  const auto claimed = digest_of<std::tuple_size_v<Digest>>(signature.value);
  if (!sent || !claimed) return Verdict::kMalformed;
  const auto age = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()) - *sent;
  if (age > kSignatureAgeMax) return Verdict::kStale;
  if (age < -kSignatureAgeMax) return Verdict::kFuture;
  const Digest expected = digest(timestamp.value, body);
  return CRYPTO_memcmp(expected.data(), claimed->data(), expected.size()) == 0 ? Verdict::kGenuine
                                                                               : Verdict::kForged;
}

std::string sign(std::string_view signing_secret, std::chrono::seconds timestamp,
                 std::string_view body) {
  return Verifier(signing_secret).sign(std::to_string(timestamp.count()), body);
}

}  // namespace slack
