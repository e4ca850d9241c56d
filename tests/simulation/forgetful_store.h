// ForgetfulStore: a store that now and then says that it has stored what it forgot.
#pragma once

#include <cstdint>
#include <memory>

#include "simulation/memory_disk.h"

namespace tests {

class ForgetfulStore final : public node::Store {
 public:
  explicit ForgetfulStore(simulation::MemoryDisk& disk) : disk_(disk) {}

  [[nodiscard]] static simulation::WrapStore wrap() {
    return [](simulation::MemoryDisk& disk) { return std::make_unique<ForgetfulStore>(disk); };
  }

  crdt::Transaction& begin() override { return disk_.begin(); }
  boost::system::result<void, node::CommitError> commit() override {
    if (++commits_ % kForgottenOneIn != 0) return disk_.commit();
    disk_.abort();
    return {};
  }
  void abort() override { disk_.abort(); }
  node::StoreSize size() const override { return disk_.size(); }

 private:
  static constexpr std::uint64_t kForgottenOneIn = 100;

  simulation::MemoryDisk& disk_;
  std::uint64_t commits_ = 0;
};

}  // namespace tests
