#include "simulation/diagram.h"

#include <nlohmann/json.hpp>

#include "slack/form.h"

namespace simulation {
namespace {

using nlohmann::json;

// Keeps at most `most`, the newest; says how many went.
template <class List>
std::uint64_t trim(List& list, std::size_t most) {
  std::uint64_t gone = 0;
  for (; list.size() > most; ++gone) list.pop_front();
  return gone;
}

// Every "text" of an answer, in its order: what a person reads.
void collect_texts(const json& value, std::string& to) {
  if (value.is_array()) {
    for (const json& part : value) collect_texts(part, to);
  }
  if (!value.is_object()) return;
  for (const auto& [name, part] : value.items()) {
    if (name != "text" || !part.is_string()) {
      collect_texts(part, to);
      continue;
    }
    to.append(to.empty() ? "" : "\n").append(part.get<std::string>());
  }
}

std::string words_of_request(std::string_view body) {
  const auto form = slack::Form::parse(body);
  if (!form) return std::string(body);
  return std::string(form->at("user_id")) + " in " + std::string(form->at("channel_id")) + ": " +
         std::string(form->at("command")) + " " + std::string(form->at("text"));
}

std::string words_of_answer(std::string_view body) {
  const json answer = json::parse(body, nullptr, false);
  std::string words;
  if (!answer.is_discarded()) collect_texts(answer, words);
  return words.empty() ? std::string(body) : words;
}

// What is not worth an event of its own: links' traffic is drawn as messages.
bool drawn_otherwise(std::string_view what) {
  return what == "sends" || what == "gets bytes" || what == "wakes" || what == "ends a batch";
}

}  // namespace

void Diagram::on_step(Time time, std::size_t node, std::string_view what, std::string_view bytes) {
  if (drawn_otherwise(what)) return;
  std::string words(bytes);
  if (what == "is asked") words = words_of_request(bytes);
  if (what == "answers") words = words_of_answer(bytes);
  if (words.size() > kWordsMax) words = words.substr(0, kWordsMax) + " ...";
  events_.push_back({time, node, std::string(what), std::move(words)});
  events_left_out_ += trim(events_, kEventsMax);
}

std::uint64_t Diagram::on_send(Time time, std::size_t from, std::size_t to, std::size_t octets) {
  messages_.push_back({from, to, time, kNever, octets});
  first_message_ += trim(messages_, kMessagesMax);
  return first_message_ + messages_.size() - 1;
}

void Diagram::on_arrival(Time time, std::uint64_t message) {
  if (message < first_message_) return;
  messages_[message - first_message_].arrived = time;  // Of its last part.
}

void Diagram::add(DiagramChange change) {
  changes_.push_back(std::move(change));
  changes_left_out_ += trim(changes_, kChangesMax);
}

void Diagram::add(DiagramSample sample) {
  samples_.push_back(std::move(sample));
  static_cast<void>(trim(samples_, kSamplesMax));
}

}  // namespace simulation
