#include "sctp/machine.h"

#include "core/planted.h"

#include <utility>

// Stream resets (RFC 6525). Ours waits until all that was sent on its streams has arrived, so a
// peer never has to put it off and no message crosses from one life of a stream into the next.

namespace parley::sctp {

void Association::Machine::resetStreams(Step& step, std::span<const StreamId> streams) {
  if (hasEnded() || streams.empty()) return;
  if (!link_ || is<CookieEchoed>()) {
    earlyResets_.insert(earlyResets_.end(), streams.begin(), streams.end());
    return;
  }
  if (!link_->extensions.reConfig) {
    events_.push(ResetFailed{{streams.begin(), streams.end()}});
    PARLEY_TRACE(step, Topic::sctp, "reset_failed", {"trigger", "the peer cannot reset streams"});
    return;
  }
  for (const StreamId stream : streams) {
    if (stream.value >= link_->streamsOut || queue_.isResetting(stream)) continue;
    queue_.beginReset(stream);
    link_->outgoingReset.wanted.push_back(stream);
  }
}

// Gathers the streams that are ready into one request, while none is under way (RFC 6525 5.1.1).
void Association::Machine::prepareReset() {
  auto& reset = link_->outgoingReset;
  if (reset.request || reset.wanted.empty()) return;
  const std::size_t streamsMax = (Outbox::roomOfPacket(config_) - 20) / 2;
  OutgoingResetRequest request;
  std::erase_if(reset.wanted, [&](StreamId stream) {
    const bool isQuiet = queue_.isQuiet(stream) || isPlanted(PlantedBug::closeDropsQueued);
    if (request.streams.size() >= streamsMax || !isQuiet) return false;
    request.streams.push_back(stream);
    return true;
  });
  if (request.streams.empty()) return;
  request.sequence = reset.nextSequence++;
  request.responseSequence = reset.answers;
  request.lastTsn = link_->outstanding.nextTsn() - 1;
  reset.request = std::move(request);
  reset.due = true;
  reset.wait = link_->rto.value();
}

bool Association::Machine::sendReset(Step& step, Outbox& out) {
  auto& reset = link_->outgoingReset;
  if (!reset.request || !reset.due) return true;
  if (!out.add(ReConfigChunk{{*reset.request}}.toChunk())) return false;
  reset.due = false;
  if (!isPlanted(PlantedBug::resetNotRepeated)) reset.timer.start(step.now, reset.wait);
  reset.wait = std::min(reset.wait * 2, limits::sctp::kRtoMax);
  ++stats_.resetsSent;
  PARLEY_TRACE(step, Topic::sctp, "reset_asked", {"request", reset.request->sequence},
               {"streams", static_cast<std::int64_t>(reset.request->streams.size())},
               {"first", reset.request->streams.front().value});
  return true;
}

void Association::Machine::onReConfig(Step& step, const ChunkView& chunk) {
  const auto reConfig = ReConfigChunk::parse(chunk.body);
  if (!reConfig) return drop(Drop::malformedChunk);
  for (const ReConfigParameter& parameter : reConfig->parameters) {
    if (hasEnded()) return;
    if (const auto* outgoing = std::get_if<OutgoingResetRequest>(&parameter)) {
      onOutgoingRequest(step, *outgoing);
    } else if (const auto* incoming = std::get_if<IncomingResetRequest>(&parameter)) {
      onIncomingRequest(step, *incoming);
    } else if (const auto* other = std::get_if<OtherRequest>(&parameter)) {
      if (isNextRequest(other->sequence)) respond(other->sequence, ResetResult::denied);
    } else {
      onResetResponse(step, std::get<ResetResponse>(parameter));
    }
  }
}

void Association::Machine::respond(std::uint32_t sequence, ResetResult result) {
  link_->incomingReset.last = ResetResponse{sequence, result};
  answer(ReConfigChunk{{ResetResponse{sequence, result}}}.toChunk());
}

// True: a new request. A repeated one gets its answer again here; any other number is refused
// without being remembered (RFC 6525 5.2.1).
bool Association::Machine::isNextRequest(std::uint32_t sequence) {
  auto& incoming = link_->incomingReset;
  if (sequence == incoming.expected) {
    ++incoming.expected;
    link_->outgoingReset.answers = sequence;
    return true;
  }
  if (incoming.last && sequence == incoming.last->sequence) {
    if (isPlanted(PlantedBug::resetPerformedTwice)) return true;
    answer(ReConfigChunk{{*incoming.last}}.toChunk());
    return false;
  }
  drop(Drop::badReset);
  answer(ReConfigChunk{{ResetResponse{sequence, ResetResult::badSequence}}}.toChunk());
  return false;
}

void Association::Machine::onOutgoingRequest(Step& step, const OutgoingResetRequest& request) {
  auto& incoming = link_->incomingReset;
  // "In progress" is no final answer: a repetition is judged again, never answered from memory.
  const bool again = incoming.last && incoming.last->sequence == request.sequence &&
                     incoming.last->result == ResetResult::inProgress;
  const bool judged = again && !isPlanted(PlantedBug::resetNeverPerformed);
  if (judged || isNextRequest(request.sequence)) {
    const ResetResult result = judge(step, request);
    PARLEY_TRACE(step, Topic::sctp, "reset_requested", {"request", request.sequence},
                 {"streams", static_cast<std::int64_t>(request.streams.size())},
                 {"result", static_cast<std::int64_t>(result)});
    respond(request.sequence, result);
  }
}

ResetResult Association::Machine::judge(Step& step, const OutgoingResetRequest& request) {
  auto& incoming = link_->incomingReset;
  const bool exist = std::ranges::all_of(
      request.streams, [&](StreamId stream) { return stream.value < link_->streamsIn; });
  if (!exist) {
    drop(Drop::badReset);
    return ResetResult::wrongSsn;
  }
  const std::int32_t missing = distance(link_->tracker.cumulativeTsn(), request.lastTsn);
  if (missing > static_cast<std::int32_t>(link_->tracker.reach())) {
    drop(Drop::badReset);
    return ResetResult::denied;
  }
  // Some peers repeat a request that was put off under a new number: if it has been done since,
  // doing it again would hit the next life of its streams.
  const auto done = std::exchange(incoming.doneUnasked, std::nullopt);
  if (done && done->lastTsn == request.lastTsn && done->streams == request.streams) {
    return ResetResult::performed;
  }
  incoming.deferred.reset();
  if (missing > 0) {  // RFC 6525 5.2.2 E3
    if (!isPlanted(PlantedBug::resetNeverPerformed)) incoming.deferred = request;
    return ResetResult::inProgress;
  }
  performReset(step, request);
  return ResetResult::performed;
}

void Association::Machine::performReset(Step& step, const OutgoingResetRequest& request) {
  ++stats_.resetsReceived;
  PARLEY_TRACE(step, Topic::sctp, "reset_done", {"by", "peer"}, {"request", request.sequence},
               {"streams", static_cast<std::int64_t>(request.streams.size())});
  if (request.streams.empty()) {
    for (std::uint32_t id = 0; id < link_->streamsIn; ++id) {
      link_->reassembly.reset({static_cast<std::uint16_t>(id)});
    }
  }
  for (const StreamId stream : request.streams) link_->reassembly.reset(stream);
  events_.push(StreamsReset{request.streams, true});
}

void Association::Machine::tryDeferredReset(Step& step) {
  auto& incoming = link_->incomingReset;
  if (!incoming.deferred) return;
  if (isAfter(incoming.deferred->lastTsn, link_->tracker.cumulativeTsn())) return;
  performReset(step, *incoming.deferred);
  incoming.doneUnasked = std::exchange(incoming.deferred, std::nullopt);
  respond(incoming.doneUnasked->sequence, ResetResult::performed);
}

// The peer asks us to reset our direction; the request we make of it is the answer (5.2.3).
void Association::Machine::onIncomingRequest(Step& step, const IncomingResetRequest& request) {
  if (!isNextRequest(request.sequence)) return;
  const bool exist = std::ranges::all_of(
      request.streams, [&](StreamId stream) { return stream.value < link_->streamsOut; });
  if (!exist || request.streams.empty()) {
    drop(Drop::badReset);
    return respond(request.sequence, exist ? ResetResult::denied : ResetResult::wrongSsn);
  }
  respond(request.sequence, ResetResult::inProgress);
  resetStreams(step, request.streams);
}

void Association::Machine::onResetResponse(Step& step, const ResetResponse& response) {
  auto& reset = link_->outgoingReset;
  if (!reset.request || response.sequence != reset.request->sequence) {
    return drop(Drop::badReset);
  }
  if (response.result == ResetResult::inProgress ||
      response.result == ResetResult::alreadyInProgress) {
    reset.timer.start(step.now, link_->rto.value());  // asked again under the same number
    return;
  }
  const bool done =
      response.result == ResetResult::performed || response.result == ResetResult::nothingToDo;
  auto streams = std::move(reset.request->streams);
  PARLEY_TRACE(step, Topic::sctp, done ? "reset_done" : "reset_failed", {"by", "us"},
               {"request", response.sequence},
               {"result", static_cast<std::int64_t>(response.result)},
               {"trigger", done ? "the peer agreed" : "the peer refused"});
  reset.request.reset();
  reset.due = false;
  reset.timer.stop();
  for (const StreamId stream : streams) queue_.endReset(stream, done);
  if (done) {
    events_.push(StreamsReset{std::move(streams), false});
  } else {
    events_.push(ResetFailed{std::move(streams)});
  }
}

}  // namespace parley::sctp
