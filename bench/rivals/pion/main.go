// Set-ups of Pion as Debian packages it, measured as measure.mjs does: "key<TAB>figure" lines.
// Built in GOPATH mode from the Go sources of the package golang-github-pion-webrtc.v3-dev.
package main

import (
	"fmt"
	"os"
	"sort"
	"syscall"
	"time"

	"github.com/pion/webrtc"
)

const (
	setUps = 50
	atOnce = 200
)

type pair struct {
	a, b *webrtc.PeerConnection
	open chan struct{}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func newPair() *pair {
	p := &pair{open: make(chan struct{}, 2)}
	var err error
	p.a, err = webrtc.NewPeerConnection(webrtc.Configuration{})
	must(err)
	p.b, err = webrtc.NewPeerConnection(webrtc.Configuration{})
	must(err)
	trickle := func(from, to *webrtc.PeerConnection) {
		from.OnICECandidate(func(c *webrtc.ICECandidate) {
			if c != nil {
				_ = to.AddICECandidate(c.ToJSON())
			}
		})
	}
	channel, err := p.a.CreateDataChannel("bench", nil)
	must(err)
	channel.OnOpen(func() { p.open <- struct{}{} })
	p.b.OnDataChannel(func(c *webrtc.DataChannel) { c.OnOpen(func() { p.open <- struct{}{} }) })
	offer, err := p.a.CreateOffer(nil)
	must(err)
	// Its candidates are refused before a remote description: it is set first on either side.
	must(p.b.SetRemoteDescription(offer))
	trickle(p.a, p.b)
	must(p.a.SetLocalDescription(offer))
	answer, err := p.b.CreateAnswer(nil)
	must(err)
	must(p.a.SetRemoteDescription(answer))
	trickle(p.b, p.a)
	must(p.b.SetLocalDescription(answer))
	return p
}

func (p *pair) wait() {
	for i := 0; i < 2; i++ {
		select {
		case <-p.open:
		case <-time.After(30 * time.Second):
			must(fmt.Errorf("a pair did not connect"))
		}
	}
}

func (p *pair) close() {
	must(p.a.Close())
	must(p.b.Close())
}

func cpu() time.Duration {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }

func main() {
	times := make([]float64, 0, setUps)
	used := cpu()
	for i := 0; i < setUps; i++ {
		start := time.Now()
		p := newPair()
		p.wait()
		times = append(times, milliseconds(time.Since(start)))
		p.close()
	}
	used = cpu() - used
	sort.Float64s(times)
	fmt.Printf("setup\t%.2f / %.2f ms\n", times[setUps/2], times[setUps*99/100])
	fmt.Printf("setup-cpu\t%.2f ms\n", milliseconds(used)/setUps)

	pairs := make([]*pair, atOnce)
	start := time.Now()
	for i := range pairs {
		pairs[i] = newPair()
	}
	for _, p := range pairs {
		p.wait()
	}
	fmt.Printf("parallel\t%.0f pairs/s\n", atOnce/time.Since(start).Seconds())
}
