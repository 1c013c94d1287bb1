#include "core/wire.h"

namespace parley {
namespace {

const std::uint8_t kBytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

TEST(WireReader, ReadsBigEndianFieldsInOrder) {
  WireReader in(kBytes);
  EXPECT_EQ(in.u8(), 1);
  EXPECT_EQ(in.u16(), 0x0203);
  EXPECT_EQ(in.u24(), 0x040506u);
  EXPECT_EQ(in.u32(), 0x0708090au);
  EXPECT_TRUE(in.finished());
}

TEST(WireReader, FailsForGoodOnTheFirstReadPastTheEnd) {
  WireReader in(Bytes(kBytes).first(3));
  EXPECT_EQ(in.u32(), 0u);
  EXPECT_TRUE(in.failed());
  EXPECT_EQ(in.u8(), 0);  // the three bytes that are there are not given any more
  EXPECT_FALSE(in.finished());
}

TEST(WireReader, KeepsAnInnerReaderInsideItsPart) {
  WireReader in(kBytes);
  WireReader inner = in.within(2);
  EXPECT_EQ(inner.u16(), 0x0102);
  EXPECT_TRUE(inner.finished());
  inner.u8();
  EXPECT_TRUE(inner.failed());
  EXPECT_FALSE(in.failed());
  EXPECT_EQ(in.remaining(), 8u);
}

TEST(WireReader, RefusesALengthLargerThanAnyView) {
  WireReader in(kBytes);
  EXPECT_TRUE(in.bytes(~std::size_t{0}).empty());
  EXPECT_TRUE(in.failed());
}

TEST(WireWriter, WritesWhatTheReaderReads) {
  std::uint8_t room[32];
  WireWriter out(room);
  out.u8(1).u16(0x0203).u24(0x040506).u32(0x0708090a).u48(0x010203040506).u64(~0ull).padTo(4);
  EXPECT_EQ(out.written(), 24u);
  WireReader in(Bytes(room).first(out.written()));
  in.skip(10);
  EXPECT_EQ(in.u48(), 0x010203040506u);
  EXPECT_EQ(in.u64(), ~0ull);
  EXPECT_FALSE(out.failed());
}

TEST(WireWriter, NeverWritesPastItsRoom) {
  std::uint8_t room[4] = {9, 9, 9, 9};
  WireWriter out(MutableBytes(room).first(3));
  out.u32(1);
  EXPECT_TRUE(out.failed());
  out.u8(1);
  EXPECT_EQ(out.written(), 0u);
  EXPECT_EQ(room[3], 9);
}

TEST(WireWriter, PatchesOnlyWhatWasWritten) {
  std::uint8_t room[4] = {};
  WireWriter out(room);
  out.u16(0).patchU16(0, 0x1234);
  EXPECT_EQ(room[0], 0x12);
  EXPECT_FALSE(out.failed());
  out.patchU16(1, 1);
  EXPECT_TRUE(out.failed());
}

}  // namespace
}  // namespace parley
