#include "node/effects.h"

#include <gtest/gtest.h>

namespace {

using node::Effects;
using namespace std::chrono_literals;

TEST(Effects, AppendKeepsTheOrderAndTheNewestWake) {
  Effects all, more;
  all.sends = {{{1}, "a"}};
  all.wake_at = crdt::Instant(5s);
  more.sends = {{{1}, "b"}, {{2}, "c"}};
  more.notices = {{node::Level::kInfo, {}, "n"}};
  all.append(std::move(more));
  EXPECT_EQ(all.sends, (std::vector<node::LinkSend>{{{1}, "a"}, {{1}, "b"}, {{2}, "c"}}));
  EXPECT_EQ(all.notices.size(), 1U);
  EXPECT_EQ(all.wake_at, std::nullopt);  // The newest value counts, also where it is none.
}

TEST(Uuid, IsWrittenInFiveGroups) {
  EXPECT_EQ(to_string(node::Uuid{0x0123456789abcdef, 0xfedcba9876543210}),
            "01234567-89ab-cdef-fedc-ba9876543210");
  EXPECT_EQ(to_string(node::Uuid{}), "00000000-0000-0000-0000-000000000000");
}

}  // namespace
