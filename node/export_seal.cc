#include "node/export_seal.h"

#include "crdt/bytes.h"
#include "crdt/check.h"

namespace node {
namespace {

constexpr std::size_t kSumBytes = 8;  // One altered file in 2^64 goes unnoticed.
constexpr std::string_view kBeforeSum = ",\"sum\":\"";
constexpr std::string_view kBehindSum = "\"}";
constexpr std::size_t kTailBytes = kBeforeSum.size() + 2 * kSumBytes + kBehindSum.size();

void absorb(crypto_generichash_state& state, std::string_view bytes) {
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

}  // namespace

ExportSeal::ExportSeal() { crypto_generichash_init(&state_, nullptr, 0, crypto_generichash_BYTES); }

std::string ExportSeal::sum_with(std::string_view front) {
  absorb(state_, front);
  absorb(state_, "\n");
  crypto_generichash_state ended = state_;
  std::string digest(crypto_generichash_BYTES, '\0');
  crypto_generichash_final(&ended, reinterpret_cast<unsigned char*>(digest.data()), digest.size());
  return crdt::to_hex(std::string_view(digest).substr(0, kSumBytes));
}

std::string ExportSeal::seal(std::string line) {
  CHECK(line.size() > 2 && line.ends_with('}'));
  line.pop_back();
  const std::string sum = sum_with(line);
  return line.append(kBeforeSum).append(sum).append(kBehindSum);
}

bool ExportSeal::holds(std::string_view line) {
  if (!sound_ || line.size() <= kTailBytes) return sound_ = false;
  const std::string_view front = line.substr(0, line.size() - kTailBytes);
  std::string tail(kBeforeSum);
  tail.append(sum_with(front)).append(kBehindSum);
  return sound_ = line.substr(front.size()) == tail;
}

}  // namespace node
