// Store: where a node's state lives. One writer; a commit returns only when it is durable.
//
// LMDB in production (node/lmdb_store.h); a memory store that can forget what was not synced in
// tests and simulation.
//
// Thread   the driver's thread only.
#pragma once

#include <optional>
#include <string>

#include "crdt/result.h"
#include "crdt/transaction.h"

namespace node {

enum class CommitFailure {
  kDiskFull,  // Nothing of the batch is stored. The write path closes until space returns.
  kIo,        // Nothing of the batch is known to be stored. The store was reopened.
};

struct CommitError {
  CommitError() = default;
  CommitError(CommitFailure failure, std::string what) : kind(failure), message(std::move(what)) {}

  CommitFailure kind = CommitFailure::kIo;
  std::string message;
};

[[noreturn]] inline void throw_exception_from_error(const CommitError& error,
                                                    const boost::source_location&) {
  throw std::runtime_error(error.message);
}

struct StoreSize {
  std::uint64_t used_bytes = 0;  // In the store's own pages.
  std::uint64_t free_bytes = 0;  // On the disk beneath it.
};

class Store {
 public:
  virtual ~Store() = default;

  // Begins the one write transaction. REQUIRES none is open. Valid until commit or abort.
  virtual crdt::Transaction& begin() = 0;

  // Makes all writes since begin() durable, or none of them.
  [[nodiscard]] virtual boost::system::result<void, CommitError> commit() = 0;

  // Forgets all writes since begin().
  virtual void abort() = 0;

  [[nodiscard]] virtual StoreSize size() const = 0;

  // False where a read of the open transaction failed: what was computed from it is worth nothing,
  // and its commit will fail.
  [[nodiscard]] virtual bool sound() const { return true; }

  // Why a commit that writes anything would be refused now; nullopt where nothing speaks against
  // it.
  [[nodiscard]] virtual std::optional<CommitError> refusal() const { return std::nullopt; }
};

}  // namespace node
