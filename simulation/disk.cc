#include "simulation/disk.h"

namespace simulation {

void Disk::end_process() {
  live_ = false;
  loss_.reset();
  failing_.first = 0;
}

bool Disk::strikes(Moment moment) {
  if (!live_) return false;
  ++operations_;
  if (!loss_ || loss_->first != moment || --loss_->second > 0) return false;
  loss_.reset();
  return true;
}

bool Disk::fails(Remains remains) {
  if (failing_.first == 0 || failing_.second != remains) return false;
  --failing_.first;
  return true;
}

}  // namespace simulation
