#include "core/packet.h"

#include <algorithm>
#include <functional>

#include "core/assert.h"

namespace parley {

struct Packet::Block {
  static constexpr std::size_t kSize =
      PacketPool::kHeadroom + PacketPool::kBody + PacketPool::kTailroom;

  PacketPool* pool = nullptr;
  Block* nextFree = nullptr;
  std::uint32_t views = 0;
  std::uint8_t data[kSize];
};

Packet& Packet::operator=(Packet&& other) noexcept {
  if (this != &other) {
    release();
    block_ = std::exchange(other.block_, nullptr);
    begin_ = std::exchange(other.begin_, nullptr);
    end_ = std::exchange(other.end_, nullptr);
  }
  return *this;
}

Packet Packet::lend(MutableBytes bytes) {
  Packet packet;
  packet.begin_ = bytes.data();
  packet.end_ = bytes.data() + bytes.size();
  return packet;
}

void Packet::release() {
  Block* block = std::exchange(block_, nullptr);
  begin_ = end_ = nullptr;
  if (block && --block->views == 0) block->pool->give(block);
}

MutableBytes Packet::mutableBytes() {
  PARLEY_ASSERT(!block_ || block_->views == 1);
  return {begin_, end_};
}

std::size_t Packet::headroom() const {
  return block_ ? static_cast<std::size_t>(begin_ - block_->data) : 0;
}

std::size_t Packet::tailroom() const {
  return block_ ? static_cast<std::size_t>(block_->data + Block::kSize - end_) : 0;
}

MutableBytes Packet::prepend(std::size_t n) {
  PARLEY_ASSERT(block_ && block_->views == 1 && n <= headroom());
  begin_ -= n;
  return {begin_, n};
}

MutableBytes Packet::append(std::size_t n) {
  PARLEY_ASSERT(block_ && block_->views == 1 && n <= tailroom());
  end_ += n;
  return {end_ - n, n};
}

void Packet::trimFront(std::size_t n) {
  PARLEY_ASSERT(n <= size());
  begin_ += n;
}

void Packet::trimBack(std::size_t n) {
  PARLEY_ASSERT(n <= size());
  end_ -= n;
}

Packet Packet::share() const {
  PARLEY_ASSERT(block_);
  Packet second;
  second.block_ = block_;
  second.begin_ = begin_;
  second.end_ = end_;
  ++block_->views;
  return second;
}

Packet Packet::keep(PacketPool& pool) && {
  return isLent() ? pool.copyOf(bytes()) : std::move(*this);
}

PacketPool::PacketPool(std::size_t blocksMax) : blocksMax_(blocksMax) {}

PacketPool::~PacketPool() { PARLEY_ASSERT(inUse_ == 0); }

void PacketPool::grow() {
  slabs_.push_back(std::make_unique_for_overwrite<Packet::Block[]>(kBlocksPerSlab));
  for (std::size_t i = 0; i < kBlocksPerSlab; ++i) {
    Packet::Block& block = slabs_.back()[i];
    block.pool = this;
    block.nextFree = std::exchange(free_, &block);
  }
}

void PacketPool::give(Packet::Block* block) {
  block->nextFree = std::exchange(free_, block);
  --inUse_;
}

void PacketPool::trim() {
  const auto start = [](const auto& slab) { return slab.get(); };
  std::ranges::sort(slabs_, std::less{}, start);
  const auto slabOf = [&](Packet::Block* block) {
    const auto after = std::ranges::upper_bound(slabs_, block, std::less{}, start);
    return static_cast<std::size_t>(after - slabs_.begin()) - 1;
  };
  std::vector<std::size_t> unused(slabs_.size());
  for (Packet::Block* block = free_; block; block = block->nextFree) ++unused[slabOf(block)];
  Packet::Block* kept = nullptr;
  for (Packet::Block* block = free_; block;) {
    Packet::Block* next = block->nextFree;
    if (unused[slabOf(block)] < kBlocksPerSlab) block->nextFree = std::exchange(kept, block);
    block = next;
  }
  free_ = kept;
  for (std::size_t i = slabs_.size(); i-- > 0;)
    if (unused[i] == kBlocksPerSlab) slabs_.erase(slabs_.begin() + static_cast<std::ptrdiff_t>(i));
}

Packet PacketPool::take() {
  if (++asked_ == refuseAt_ || inUse_ >= blocksMax_) {
    ++refused_;
    return {};
  }
  if (!free_) grow();
  Packet packet;
  packet.block_ = free_;
  free_ = free_->nextFree;
  packet.block_->views = 1;
  packet.begin_ = packet.end_ = packet.block_->data + kHeadroom;
  ++inUse_;
  return packet;
}

Packet PacketPool::copyOf(Bytes bytes) {
  if (bytes.size() > kBody + kTailroom) return {};
  Packet packet = take();
  if (packet) copyBytes(packet.append(bytes.size()), bytes);
  return packet;
}

}  // namespace parley
