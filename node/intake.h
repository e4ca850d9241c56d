// Intake: where the I/O shells hand in what happened, and draw the ids that name it.
#pragma once

#include "gossip/link_id.h"
#include "node/effects.h"
#include "node/event.h"

namespace node {

class Intake {
 public:
  virtual ~Intake() = default;

  // See Driver::submit. Nothing is answered before this returns.
  [[nodiscard]] virtual bool submit(Event event) = 0;

  virtual ExchangeId next_exchange() = 0;
  virtual gossip::LinkId next_link() = 0;
  virtual Uuid next_uuid() = 0;

  // A fact that no Replica needs to know.
  virtual void note(Notice notice) = 0;
};

}  // namespace node
