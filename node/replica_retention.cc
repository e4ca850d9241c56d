#include "node/replica_retention.h"

#include <algorithm>
#include <iterator>

#include "crdt/edit.h"
#include "crdt/handled_set.h"
#include "crdt/request_id.h"
#include "node/replica_impl.h"
#include "slack/incident/purge.h"

namespace node {

std::optional<crdt::WallTime> slack_time(const SlackClock& clock, const crdt::Now& now) {
  const auto ahead = clock.ahead(now);
  return ahead ? std::optional(now.wall - *ahead) : std::nullopt;
}

std::string date_text(crdt::WallTime time) {
  using std::chrono::sys_days;
  const auto days = std::chrono::floor<std::chrono::days>(time.time_since_epoch());
  const std::chrono::year_month_day date{sys_days(days)};
  const auto two = [](unsigned number) { return std::to_string(100 + number).substr(1); };
  return std::to_string(static_cast<int>(date.year())) + "-" +
         two(static_cast<unsigned>(date.month())) + "-" + two(static_cast<unsigned>(date.day()));
}

// Requests may come to other peers alone: what these changed carries Slack's time, too. It says
// that it is at least so late, unless a peer lies; so this peer's own clock has a word, too.
std::optional<crdt::WallTime> Replica::Impl::slack_now(const crdt::Now& now) const {
  if (const auto own = slack_time(slack_clock_, now)) return own;
  if (newest_made_ == crdt::WallTime{}) return std::nullopt;
  return std::min(newest_made_, now.wall);
}

// What is younger than Slack may still ask about, no honest peer forgets. Whom nobody told Slack's
// time of late is a day more lenient: to refuse an honest peer's horizon costs the link with it. It
// goes by its own clock then: what peers' records say is what a peer that lies says.
void Replica::Impl::tell_horizon_limit(const crdt::Now& now) {
  constexpr std::chrono::hours kDay{24};
  const std::chrono::seconds youngest =
      std::min<std::chrono::seconds>(std::chrono::hours(1), config_.retention.keep / 2);
  const auto stamped = slack_time(slack_clock_, now);
  const crdt::WallTime time = stamped.value_or(now.wall + kDay);
  peer_->limit_horizon({time - youngest, time + kDay});
}

void Replica::Impl::tend_retention(const crdt::Now& now) {
  if (!peer_ || now.steady < retention_at_) return;
  retention_at_ = now.steady + config_.retention.look_every;
  tell_horizon_limit(now);
  tend_forgotten(now);
  const auto slack_says = slack_now(now);
  const crdt::WallTime before = slack_says.value_or(now.wall) - config_.retention.keep;
  const auto oldest = repository_.oldest_record();
  const auto is_due = [&](crdt::WallTime until) {
    return oldest && *oldest < until &&
           repository_.horizon().before() + config_.retention.step <= until;
  };
  const bool due = is_due(before);
  // Two steps late: what one look or a quiet night delays is nothing to tell of.
  waits_for_slack_ = !slack_time(slack_clock_, now) && (!due || !slack_says) &&
                     is_due(now.wall - config_.retention.keep - 2 * config_.retention.step);
  std::vector<std::string> missing = due ? peer_->missing(census_) : std::vector<std::string>();
  std::sort(missing.begin(), missing.end());
  // Who is only a moment behind at one look is nobody to tell of.
  waits_for_.clear();
  std::set_intersection(missing.begin(), missing.end(), missing_.begin(), missing_.end(),
                        std::back_inserter(waits_for_));
  missing_ = std::move(missing);
  if (!due || !missing_.empty()) return;
  census_ = {};
  if (slack_says && why_unfit().empty() && peer_->on_duty(crdt::kHorizonKey)) {
    move_horizon(now, before);
  }
}

// What a peer that was away made of a channel before it was forgotten, and fields that somebody
// wrote to a task while it went.
void Replica::Impl::tend_forgotten(const crdt::Now& now) {
  constexpr int kPurgesMax = 8;  // At one look: each may write a document.
  if (!why_unfit().empty()) return;
  int looks = 0;
  const auto& documents = repository_.horizon().documents();
  // On from where the last look ended: what is never done with must not keep others waiting.
  auto next = documents.upper_bound(purged_last_);
  for (std::size_t seen = 0; seen < documents.size() && looks < kPurgesMax; ++seen) {
    if (next == documents.end()) next = documents.begin();
    const auto& [key, before] = *next++;
    const auto touched = repository_.last_touched(key);
    if (!touched || *touched == 0 || purged_[key] == *touched || !peer_->on_duty(key)) continue;
    ++looks;
    purged_last_ = key;
    if (!purge(now, key, before)) continue;
    if (const auto last = repository_.last_touched(key)) purged_[key] = *last;
  }
}

// Whether nothing is left to be purged there.
bool Replica::Impl::purge(const crdt::Now& now, const std::string& key, crdt::WallTime before) {
  const auto document = repository_.document(key);
  if (!document) return false;
  const auto slack_says = slack_now(now).value_or(crdt::WallTime{});
  const std::string row = std::to_string(repository_.head());
  crdt::Edit edit(**document, self_, {crdt::request_id_of({"purge", key, row}), ""},
                  {now.wall.time_since_epoch().count()}, repository_.previous_context(key));
  slack::incident::purge_tasks(edit, before);
  const std::size_t marks = crdt::expire_all_handled(edit, {slack_says.time_since_epoch().count()});
  if (edit.empty()) return marks == 0;
  const crdt::Change change{{{key, edit.finish()}}, {}};
  const auto outcome = repository_.apply(change);
  if (!outcome || outcome->seq == 0) return false;
  peer_->push(outcome->seq, change);
  return marks == 0;
}

void Replica::Impl::move_horizon(const crdt::Now& now, crdt::WallTime before) {
  const std::string key(crdt::kHorizonKey);
  const auto document = repository_.document(key);
  if (!document) return;  // Damaged, and being healed.
  const std::string since = std::to_string(before.time_since_epoch().count());
  crdt::Edit edit(**document, self_, {crdt::request_id_of({"horizon", since}), ""},
                  {now.wall.time_since_epoch().count()}, repository_.previous_context(key));
  crdt::move_horizon(edit, before);
  const crdt::Change change{{{key, edit.finish()}}, {}};
  const auto outcome = repository_.apply(change);
  if (!outcome || outcome->seq == 0) return;
  peer_->push(outcome->seq, change);
  note(Level::kInfo, {},
       "every peer has had them: events and answers of more than " +
           std::to_string(config_.retention.keep / std::chrono::hours(24)) +
           " days ago are forgotten");
}

}  // namespace node
