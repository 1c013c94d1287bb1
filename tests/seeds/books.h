#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "parley/data_channel.h"

namespace parley::seeds {

// The reference model of data channels: what each end of each channel has sent, and what the other
// may therefore still receive. Every channel of a run has a label of its own, so nothing of one
// can pass for another's, whatever stream they used. It knows no protocol.
class Books {
 public:
  // One direction of one channel.
  class Line {
   public:
    explicit Line(const RTCDataChannelInit& init)
        : isOrdered_(init.ordered), isReliable_(!init.maxPacketLifeTime && !init.maxRetransmits) {}

    // The body of the next message, and noting that it was accepted.
    MessageData next(const std::string& name, std::size_t size, bool isText) const;
    void sent(std::size_t size, bool isText);
    // What is wrong about this delivery; empty: nothing.
    std::string deliver(const std::string& name, const MessageData& message);

    bool isReliable() const { return isReliable_; }
    std::size_t sentCount() const { return sizes_.size(); }
    std::size_t deliveredCount() const { return delivered_; }
    bool isLastDelivered() const { return sizes_.empty() || sizes_.back().delivered; }
    bool isComplete() const { return !isReliable_ || delivered_ == sizes_.size(); }

   private:
    struct Sent {
      std::size_t size;
      bool isText;
      bool delivered = false;
    };
    std::string claim(std::size_t number, const std::string& name, const MessageData& message);

    bool isOrdered_;
    bool isReliable_;
    std::vector<Sent> sizes_;
    std::size_t delivered_ = 0;
    std::size_t nextInOrder_ = 0;
  };

  // `from` is the user who sends. The line is made on first use.
  Line& line(const std::string& label, int from, const RTCDataChannelInit& init);
  const Line* find(const std::string& label, int from) const;

 private:
  std::map<std::pair<std::string, int>, Line> lines_;
};

}  // namespace parley::seeds
