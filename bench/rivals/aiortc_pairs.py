"""Set-ups of aiortc as Debian packages it, measured as measure.mjs does: "key<TAB>figure" lines."""

import asyncio
import resource
import time

from aiortc import RTCPeerConnection

SET_UPS = 20
AT_ONCE = 50


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def connected():
    a, b = RTCPeerConnection(), RTCPeerConnection()
    ends = asyncio.Event(), asyncio.Event()
    channel = a.createDataChannel("bench")
    channel.on("open", ends[0].set)
    b.on("datachannel", lambda _: ends[1].set())
    await a.setLocalDescription(await a.createOffer())
    await b.setRemoteDescription(a.localDescription)
    await b.setLocalDescription(await b.createAnswer())
    await a.setRemoteDescription(b.localDescription)
    for end in ends:
        await asyncio.wait_for(end.wait(), 60)
    return a, b


async def main():
    times = []
    used = cpu()
    for _ in range(SET_UPS):
        start = time.perf_counter()
        pair = await connected()
        times.append((time.perf_counter() - start) * 1e3)
        for end in pair:
            await end.close()
    times.sort()
    print(f"setup\t{times[SET_UPS // 2]:.2f} / {times[SET_UPS * 99 // 100]:.2f} ms")
    print(f"setup-cpu\t{(cpu() - used) * 1e3 / SET_UPS:.2f} ms", flush=True)

    start = time.perf_counter()
    pairs = await asyncio.gather(*(connected() for _ in range(AT_ONCE)))
    print(f"parallel\t{AT_ONCE / (time.perf_counter() - start):.0f} pairs/s", flush=True)
    for pair in pairs:
        for end in pair:
            await end.close()


asyncio.run(main())
