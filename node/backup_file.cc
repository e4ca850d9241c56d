#include "node/backup_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "crdt/check.h"
#include "node/disk_full.h"
#include "node/lmdb_create.h"
#include "node/store_key.h"

namespace node {
namespace {

constexpr crdt::BytesView kMagic = "muster backup 1\n";
constexpr char kHeader = 'h', kBlock = 'b', kEnd = 'e';
constexpr std::size_t kFrameHeadBytes = 9;
constexpr std::size_t kChecksumBytes = 32;
// A block is cut behind the row that filled it, and a row may be as large as a message.
constexpr std::size_t kFrameBytesMax = 64 << 20;
// Small enough that a node's own fsync on the same disk never waits for much of this.
constexpr std::uint64_t kSyncEvery = 4 << 20;

crdt::Bytes json_of(const BackupHeader& header) {
  return nlohmann::ordered_json{{"cluster", header.cluster},
                                {"node", header.node},
                                {"store_format", header.store_format},
                                {"made_at", header.made_at},
                                {"log_head", header.head},
                                {"documents", header.digest.documents},
                                {"records", header.digest.records},
                                {"state_hash", header.digest.hash}}
      .dump();
}

crdt::Result<BackupHeader> header_of(crdt::BytesView text) {
  try {
    const auto json = nlohmann::json::parse(text);
    BackupHeader header;
    header.cluster = json.at("cluster");
    header.node = json.at("node");
    header.store_format = json.at("store_format");
    header.made_at = json.at("made_at");
    header.head = json.at("log_head");
    header.digest.documents = json.at("documents");
    header.digest.records = json.at("records");
    header.digest.hash = json.at("state_hash");
    return header;
  } catch (const nlohmann::json::exception&) {
    return crdt::Error("its header makes no sense");
  }
}

crdt::Bytes checksum_of(crypto_generichash_state state) {
  crdt::Bytes sum(kChecksumBytes, '\0');
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(sum.data()), sum.size());
  return sum;
}

void absorb(crypto_generichash_state& state, crdt::BytesView bytes) {
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

class Reader {
 public:
  Reader(const std::string& path, const VisitRow& visit)
      : in_(path, std::ios::binary), visit_(visit) {
    crypto_generichash_init(&hash_, nullptr, 0, kChecksumBytes);
  }

  crdt::Result<BackupSummary> read() {
    if (!in_) return crdt::Error(std::string("cannot be read: ") + std::strerror(errno));
    if (take(kMagic.size()) != kMagic) return crdt::Error("is no backup that this program reads");
    absorb(hash_, bytes_);
    while (true) {
      const crdt::Bytes head(take(kFrameHeadBytes));
      if (head.size() != kFrameHeadBytes) return cut_short();
      const std::uint64_t size = crdt::from_big_endian(crdt::BytesView(head).substr(1));
      if (size > kFrameBytesMax) return crdt::Error("was altered: a part of it is too long");
      if (take(size).size() != size) return cut_short();
      if (head.front() == kEnd) return end();
      absorb(hash_, head);
      absorb(hash_, bytes_);
      if (const auto good = frame(head.front()); !good) return good.error();
    }
  }

 private:
  static crdt::Error cut_short() { return crdt::Error("was cut short"); }

  crdt::BytesView take(std::size_t size) {
    bytes_.resize(size);
    in_.read(bytes_.data(), static_cast<std::streamsize>(size));
    bytes_.resize(static_cast<std::size_t>(in_.gcount()));
    summary_.bytes += bytes_.size();
    return bytes_;
  }

  crdt::Result<void> frame(char kind) {
    if (kind == kHeader && !headed_) {
      headed_ = true;
      auto header = header_of(bytes_);
      if (!header) return header.error();
      summary_.header = std::move(*header);
      return {};
    }
    if (kind != kBlock || !headed_) return crdt::Error("was altered: its parts are out of order");
    return block();
  }

  crdt::Result<void> block() {
    crdt::ByteReader in(bytes_);
    crdt::Bytes key;
    while (in.left() > 0) {
      const std::uint64_t shared = in.varint();
      const crdt::BytesView rest = in.octets(in.varint());
      const crdt::BytesView value = in.octets(in.varint());
      if (in.bad() || shared > key.size() || shared + rest.size() > kStoreKeyBytesMax) {
        return crdt::Error("was altered: a row of it makes no sense");
      }
      key.resize(shared);
      key += rest;
      if (key.empty() || key.front() == '\0' || key <= last_) {
        return crdt::Error("was altered: its rows are out of order");
      }
      ++summary_.rows;
      if (const auto taken = visit_(key, value); !taken) return taken.error();
      last_ = key;
    }
    return {};
  }

  crdt::Result<BackupSummary> end() {
    crdt::ByteReader in(bytes_);
    const std::uint64_t rows = in.number();
    summary_.checksum = checksum_of(hash_);
    const bool same = in.octets(kChecksumBytes) == summary_.checksum && in.at_end();
    if (!same || !headed_ || rows != summary_.rows) {
      return crdt::Error("was altered: its checksum is wrong");
    }
    if (in_.peek() != std::ifstream::traits_type::eof()) {
      return crdt::Error("was altered: something follows its end");
    }
    return std::move(summary_);
  }

  std::ifstream in_;
  const VisitRow& visit_;
  crypto_generichash_state hash_{};
  crdt::Bytes bytes_;
  crdt::Bytes last_;
  BackupSummary summary_;
  bool headed_ = false;
};

}  // namespace

BackupWriter::~BackupWriter() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(unfinished_.c_str());
}

crdt::Error BackupWriter::failed(const std::string& doing) const {
  const int code = errno;
  const std::string what = "cannot " + doing + " " + path_ + ": " + std::strerror(code);
  if (is_disk_full(code)) {
    return crdt::Error(what + "; nothing is left of it, free some space or choose another place");
  }
  return crdt::Error(what);
}

crdt::Result<void> BackupWriter::open(const std::string& path, const BackupHeader& header) {
  path_ = path;
  unfinished_ = path + ".unfinished";
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    return crdt::Error(path + " is there already; it stays as it is. Choose another name");
  }
  if (::unlink(unfinished_.c_str()) != 0 && errno != ENOENT) return failed("replace");
  file_ = ::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file_ < 0) return failed("make");
  crypto_generichash_init(&hash_, nullptr, 0, kChecksumBytes);
  absorb(hash_, kMagic);
  if (const auto written = write(kMagic); !written) return written;
  return frame(kHeader, json_of(header));
}

crdt::Result<void> BackupWriter::add(crdt::BytesView key, crdt::BytesView value) {
  const auto common = std::mismatch(key.begin(), key.end(), last_key_.begin(), last_key_.end());
  const auto shared = static_cast<std::size_t>(common.first - key.begin());
  block_.varint(shared).varint(key.size() - shared).octets(key.substr(shared));
  block_.varint(value.size()).octets(value);
  last_key_ = key;
  ++rows_;
  return block_.size() < kBlockBytes ? crdt::Result<void>() : flush_block();
}

crdt::Result<void> BackupWriter::flush_block() {
  last_key_.clear();
  return frame(kBlock, std::exchange(block_, {}).take());
}

crdt::Result<void> BackupWriter::frame(char kind, crdt::BytesView payload) {
  const crdt::Bytes head = crdt::Bytes(1, kind) + crdt::big_endian(payload.size());
  if (kind != kEnd) {
    absorb(hash_, head);
    absorb(hash_, payload);
  }
  if (const auto written = write(head); !written) return written;
  return write(payload);
}

crdt::Result<void> BackupWriter::write(crdt::BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(file_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return failed("write");
    bytes.remove_prefix(static_cast<std::size_t>(done));
    bytes_ += static_cast<std::uint64_t>(done);
    unsynced_ += static_cast<std::uint64_t>(done);
  }
  if (unsynced_ < kSyncEvery) return {};
  unsynced_ = 0;
  return ::fdatasync(file_) == 0 ? crdt::Result<void>() : failed("write");
}

crdt::Result<void> BackupWriter::finish() {
  if (block_.size() > 0) {
    if (const auto written = flush_block(); !written) return written;
  }
  const crdt::Bytes end = crdt::big_endian(rows_) + checksum_of(hash_);
  if (const auto written = frame(kEnd, end); !written) return written;
  if (::fsync(file_) != 0) return failed("write");
  if (const int code = publish_file(unfinished_, path_)) {
    errno = code;
    return failed("make");
  }
  ::close(std::exchange(file_, -1));
  return {};
}

crdt::Result<BackupSummary> read_backup(const std::string& path, const VisitRow& visit) {
  auto summary = Reader(path, visit).read();
  if (!summary) return crdt::Error(path + " " + summary.error().message);
  return summary;
}

}  // namespace node
