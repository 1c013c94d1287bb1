#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "channel/channels.h"
#include "jsep/types.h"
#include "peer/context.h"
#include "peer/data_channel.h"
#include "peer/transport_set.h"

namespace parley::peer {

// [[DataChannels]] of a connection: makes channels, numbers them by DTLS role (RFC 8832 6), hands
// the engine's events to them and keeps what all of them may buffer within bounds. Ids that were
// free longest are given first, so that one just closed rests while its reset is under way.
class DataChannels final : public ChannelHost {
 public:
  struct Caps {
    std::size_t perChannel;
    std::size_t perConnection;
  };

  DataChannels(Context& context, TransportSet& transports, Caps caps)
      : context_(context), transports_(transports), caps_(caps) {}

  // createDataChannel from step 3 on; throws TypeError and OperationError.
  std::shared_ptr<DataChannel> create(const std::string& label, RTCDataChannelInit init);
  bool wasAnyCreated() const { return wasAnyCreated_; }  // since the start or the last stop()

  // The role is negotiated and StartSctp is on its way. Channels that could get no id are
  // returned, closed, for their error events.
  std::vector<std::shared_ptr<DataChannel>> start(jsep::DtlsRole role);
  void fail(const std::shared_ptr<DataChannel>& channel);  // fires that event and lets it go
  void stop();  // the data section was refused or ended; a new one may start

  // Each inside a task of its own.
  void on(channel::Event event);
  void onConnected(std::uint16_t channelsMax);
  void onAssociationClosed(const session::SctpStateChanged& event);

  void close(Graves& graves);  // no event fires
  std::size_t count() const { return channels_.size(); }

 private:
  using Channel = std::shared_ptr<DataChannel>;

  void execute(session::Command command) override { context_.execute(std::move(command)); }
  Tasks& tasks() override { return context_.tasks; }
  double messageMax() const override;
  bool reserve(std::size_t buffered, std::size_t bytes) override;
  void release(std::size_t bytes) override { buffered_ -= std::min(bytes, buffered_); }
  bool isOpenAsked(const DataChannel& channel) const override;
  void freeStream(const DataChannel& channel) override;
  void forget(DataChannel& channel) override;

  void on(channel::Opened event);
  void on(channel::Announced event);
  void on(channel::MessageArrived event);
  void on(channel::BytesSent event);
  void on(channel::Closing event);
  void on(channel::Closed event);

  Channel find(channel::ChannelId id) const;
  std::uint32_t streamLimit() const;
  std::optional<std::uint16_t> takeStream();
  bool isUsed(std::uint16_t stream) const { return used_.contains(stream); }
  void open(DataChannel& channel);

  Context& context_;
  TransportSet& transports_;
  Caps caps_;
  std::map<channel::ChannelId, Channel> channels_;
  std::set<channel::ChannelId> asked_;  // OpenChannel was sent, or the peer opened it
  std::set<std::uint16_t> used_;
  std::size_t buffered_ = 0;
  std::uint32_t nextId_ = 1;
  std::uint32_t nextStream_ = 0;
  std::optional<jsep::DtlsRole> role_;
  bool wasAnyCreated_ = false;
};

}  // namespace parley::peer
