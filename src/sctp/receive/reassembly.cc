#include "sctp/receive/reassembly.h"

#include <algorithm>

#include "core/limits.h"
#include "core/planted.h"

namespace parley::sctp {
namespace {

using limits::sctp::kFragmentOverhead;
using limits::sctp::kIncompleteMessages;
using limits::sctp::kMessageOverhead;

bool sameMessage(const DataChunk& a, const DataChunk& b) {
  return a.stream == b.stream && a.unordered() == b.unordered() &&
         (a.unordered() || a.ssn == b.ssn);
}

Message messageOf(const DataChunk& chunk) {
  return {chunk.stream, chunk.protocol, toVector(chunk.payload)};
}

}  // namespace

std::size_t Reassembly::chargeOf(const Complete& complete) {
  return complete.message.payload.size() + kMessageOverhead;
}

std::size_t Reassembly::streamsAllocated() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(streams_, [](const auto& stream) { return stream != nullptr; }));
}

Reassembly::Stream& Reassembly::streamOf(StreamId id) {
  if (id.value >= streams_.size()) streams_.resize(id.value + std::size_t{1});
  auto& stream = streams_[id.value];
  if (!stream) stream = std::make_unique<Stream>();
  return *stream;
}

Reassembly::Outcome Reassembly::add(std::int64_t position, bool next, const DataChunk& chunk,
                                    std::vector<Complete>& out) {
  if (!chunk.begins() || !chunk.ends()) return addFragment(position, next, chunk, out);

  // A whole message where the neighbours say that a fragment has to be.
  const auto after = runs_.upper_bound(position);
  if (after != runs_.begin()) {
    const Run& before = std::prev(after)->second;
    if (before.last >= position || (before.last + 1 == position && !before.ends)) {
      return Outcome::violation;
    }
  }
  if (after != runs_.end() && after->first == position + 1 && !after->second.head.begins()) {
    return Outcome::violation;
  }
  const bool oversized = chunk.payload.size() > messageMax_;
  Complete complete{oversized ? Message{chunk.stream, chunk.protocol, {}} : messageOf(chunk),
                    oversized};
  finish(chunk, std::move(complete), out);
  return Outcome::taken;
}

Reassembly::Outcome Reassembly::addFragment(std::int64_t position, bool next,
                                            const DataChunk& chunk, std::vector<Complete>& out) {
  auto after = runs_.upper_bound(position);
  auto before = after == runs_.begin() ? runs_.end() : std::prev(after);
  if (before != runs_.end() && before->second.last >= position) return Outcome::violation;

  const bool crossesHole = isPlanted(PlantedBug::fragmentsAcrossHole) && before != runs_.end() &&
                           !before->second.ends && !chunk.begins() &&
                           sameMessage(before->second.head, chunk);
  const bool touchesBefore =
      before != runs_.end() && (before->second.last + 1 == position || crossesHole);
  const bool touchesAfter = after != runs_.end() && after->first == position + 1;
  // A message goes on exactly until its end, and only its first fragment begins it.
  if (touchesBefore && before->second.ends == !chunk.begins()) return Outcome::violation;
  if (touchesAfter && chunk.ends() == !after->second.head.begins()) return Outcome::violation;
  const bool joinsBefore = touchesBefore && !chunk.begins();
  const bool joinsAfter = touchesAfter && !chunk.ends();
  if (joinsBefore && !sameMessage(before->second.head, chunk)) return Outcome::violation;
  if (joinsAfter && !sameMessage(after->second.head, chunk)) return Outcome::violation;

  if (!joinsBefore) {
    if (!joinsAfter && !next && runs_.size() >= kIncompleteMessages) return Outcome::full;
    before = runs_.emplace_hint(after, position, Run{});
    before->second.head = chunk;
    before->second.head.payload = {};
  }
  Run& run = before->second;
  run.last = position;
  run.ends = chunk.ends();
  grow(run, chunk.payload);
  if (joinsAfter) {
    join(run, std::move(after->second));
    runs_.erase(after);
  }
  limit(run);
  if (run.head.begins() && run.ends) {
    const DataChunk head = run.head;
    held_ -= run.charged;
    Complete complete = assemble(std::move(run));
    runs_.erase(before);
    finish(head, std::move(complete), out);
  }
  return Outcome::taken;
}

void Reassembly::grow(Run& run, Bytes payload) {
  run.bytes += payload.size();
  if (run.oversized) return;
  std::size_t charge = payload.size();
  if (run.pieces.empty()) {
    run.pieces.emplace_back();
    charge += kFragmentOverhead;
  }
  ByteVector& tail = run.pieces.back();
  tail.insert(tail.end(), payload.begin(), payload.end());
  run.charged += charge;
  held_ += charge;
}

void Reassembly::join(Run& front, Run&& back) {
  front.last = back.last;
  front.ends = back.ends;
  front.bytes += back.bytes;
  front.oversized |= back.oversized;
  front.charged += back.charged;
  front.pieces.splice(front.pieces.end(), back.pieces);
}

// What is too long is followed to its end but no longer kept.
void Reassembly::limit(Run& run) {
  if (run.bytes <= messageMax_ && !run.oversized) return;
  run.oversized = true;
  run.pieces.clear();
  held_ -= run.charged;
  run.charged = 0;
}

Complete Reassembly::assemble(Run&& run) {
  Complete complete{{run.head.stream, run.head.protocol, {}}, run.oversized};
  if (run.oversized) return complete;
  ByteVector& payload = complete.message.payload;
  payload = std::move(run.pieces.front());
  run.pieces.pop_front();
  payload.reserve(run.bytes);
  if (isPlanted(PlantedBug::fragmentLost) && !run.pieces.empty()) run.pieces.pop_back();
  for (const ByteVector& piece : run.pieces) {
    payload.insert(payload.end(), piece.begin(), piece.end());
  }
  return complete;
}

void Reassembly::finish(const DataChunk& head, Complete complete, std::vector<Complete>& out) {
  if (head.unordered() || isPlanted(PlantedBug::orderForgotten)) {
    out.push_back(std::move(complete));
    return;
  }
  Stream& stream = streamOf(head.stream);
  if (head.ssn == stream.next) {
    out.push_back(std::move(complete));
    ++stream.next.value;
    deliverInOrder(stream, out);
  } else if (isAfter(head.ssn, stream.next)) {
    const std::size_t charge = chargeOf(complete);
    if (stream.waiting.emplace(head.ssn.value, std::move(complete)).second) held_ += charge;
  }  // else: an SSN that was already given or skipped; its TSN is new, its message is not wanted
}

void Reassembly::deliverInOrder(Stream& stream, std::vector<Complete>& out) {
  for (auto ready = stream.waiting.find(stream.next.value); ready != stream.waiting.end();
       ready = stream.waiting.find(stream.next.value)) {
    held_ -= chargeOf(ready->second);
    out.push_back(std::move(ready->second));
    stream.waiting.erase(ready);
    ++stream.next.value;
  }
}

void Reassembly::forwardTo(std::int64_t cumulative,
                           const std::vector<ForwardTsnChunk::Skipped>& skipped,
                           std::vector<Complete>& out) {
  while (!runs_.empty() && runs_.begin()->first <= cumulative) {
    Run& run = runs_.begin()->second;
    held_ -= run.charged;
    if (isPlanted(PlantedBug::partDelivered) && run.head.begins()) {
      out.push_back(assemble(std::move(run)));
    }
    runs_.erase(runs_.begin());
  }
  for (const auto& skip : skipped) {
    const bool isFresh = skip.stream.value >= streams_.size() || !streams_[skip.stream.value];
    if (isPlanted(PlantedBug::skipOnFreshStream) && isFresh) continue;
    Stream& stream = streamOf(skip.stream);
    if (isAfter(stream.next, skip.ssn)) continue;
    // What is whole among the skipped is delivered: it was given up only by its sender.
    while (!stream.waiting.empty()) {
      auto whole = stream.waiting.lower_bound(stream.next.value);
      if (whole == stream.waiting.end()) whole = stream.waiting.begin();  // SSNs wrap
      if (isAfter(Ssn{whole->first}, skip.ssn)) break;
      held_ -= chargeOf(whole->second);
      out.push_back(std::move(whole->second));
      stream.next = {static_cast<std::uint16_t>(whole->first + 1)};
      stream.waiting.erase(whole);
    }
    stream.next = {static_cast<std::uint16_t>(skip.ssn.value + 1)};
    deliverInOrder(stream, out);
  }
}

void Reassembly::reset(StreamId id) {
  if (id.value >= streams_.size() || !streams_[id.value]) return;
  for (const auto& [ssn, complete] : streams_[id.value]->waiting) held_ -= chargeOf(complete);
  streams_[id.value].reset();
}

}  // namespace parley::sctp
