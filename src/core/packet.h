#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/bytes.h"

namespace parley {

class PacketPool;

// One datagram on its way: a view of a pooled block with room in front and behind, or of bytes
// that the loop lends for the step. Move-only; share() makes a second view of the same block.
// Counts are plain integers: a packet never leaves the thread of its loop.
class Packet {
 public:
  Packet() = default;
  Packet(Packet&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        begin_(std::exchange(other.begin_, nullptr)),
        end_(std::exchange(other.end_, nullptr)) {}
  Packet& operator=(Packet&& other) noexcept;
  ~Packet() { release(); }

  // A view of bytes that belong to the loop, writable until the step ends. keep() before storing.
  static Packet lend(MutableBytes bytes);

  explicit operator bool() const { return begin_ != nullptr; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  Bytes bytes() const { return {begin_, end_}; }
  bool isLent() const { return begin_ != nullptr && block_ == nullptr; }

  // Writing and growing need sole ownership: sharing first and growing later is a bug, asserted.
  MutableBytes mutableBytes();
  MutableBytes prepend(std::size_t n);  // takes n bytes of headroom
  MutableBytes append(std::size_t n);   // takes n bytes of tailroom
  std::size_t headroom() const;
  std::size_t tailroom() const;
  void trimFront(std::size_t n);
  void trimBack(std::size_t n);

  Packet share() const;              // not for lent packets
  Packet keep(PacketPool& pool) &&;  // itself, or a copy in a block when it was lent

 private:
  friend class PacketPool;
  struct Block;
  void release();

  Block* block_ = nullptr;
  std::uint8_t* begin_ = nullptr;
  std::uint8_t* end_ = nullptr;
};

// A slab of equal blocks, one per loop. take() gives an empty packet with room on both sides, or
// a false one when blocksMax are out: the caller drops the datagram and counts the drop.
// Every packet must be gone before its pool.
class PacketPool {
 public:
  static constexpr std::size_t kHeadroom = 96;  // TURN Send indication, TCP framing, DTLS record
  static constexpr std::size_t kBody = 1'536;   // one Ethernet frame
  static constexpr std::size_t kTailroom = 64;  // AEAD tag (16), SRTCP index (4), MKI

  explicit PacketPool(std::size_t blocksMax);
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  Packet take();
  Packet copyOf(Bytes bytes);  // false also when the bytes do not fit one block

  void trim();  // gives back the memory of which no block is in use

  std::size_t inUse() const { return inUse_; }
  std::size_t slabs() const { return slabs_.size(); }
  std::uint64_t refused() const { return refused_; }  // take() answered with a false packet

  // For worlds: how often it was asked, and the one request, counted like that, that it refuses.
  std::uint64_t asked() const { return asked_; }
  void refuseAt(std::uint64_t request) { refuseAt_ = request; }

 private:
  friend class Packet;
  static constexpr std::size_t kBlocksPerSlab = 64;
  void grow();
  void give(Packet::Block* block);

  std::vector<std::unique_ptr<Packet::Block[]>> slabs_;
  Packet::Block* free_ = nullptr;
  std::size_t inUse_ = 0;
  std::size_t blocksMax_;
  std::uint64_t refused_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t refuseAt_ = 0;
};

}  // namespace parley
