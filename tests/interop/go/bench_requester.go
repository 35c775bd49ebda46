package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

const benchTimeout = 10 * time.Second

// Calls of an open loop that are under way at most.
const mostOpen = 1024

// benchRequest measures the official client's Request. It prints {"event":"ready"} and then reads commands
// "(closed|open) (calls in flight|calls per second) (bytes) (warm-up ms) (measured ms)". Each keeps so many calls going,
// or begins so many a second, and prints {"event":"start"} when the measured window begins, {"event":"stop"} when it is
// over, and {"event":"end",...} after it.
func benchRequest(nameServer, topic string) error {
	requests, err := startRequester(nameServer, topic, "go-bench-requester")
	if err != nil {
		return err
	}
	bench := &bench{requests: requests, topic: topic}
	// Replies come once the brokers know this client.
	for attempt := 0; bench.call(128) != nil; attempt++ {
		if attempt == 5 {
			return errors.New("no reply came")
		}
	}
	fmt.Println(`{"event":"ready"}`)
	return lines(func(line string) {
		var kind string
		var size, body, warmUpMs, measuredMs int
		if _, err := fmt.Sscan(line, &kind, &size, &body, &warmUpMs, &measuredMs); err != nil {
			fmt.Println(oneLine(err.Error()))
			return
		}
		run := &run{bench: bench, body: body, begin: time.Now()}
		run.from = run.begin.Add(time.Duration(warmUpMs) * time.Millisecond)
		run.to = run.from.Add(time.Duration(measuredMs) * time.Millisecond)
		if kind == "open" {
			run.measure(mostOpen, func(slot *slot) { slot.open(time.Second / time.Duration(size)) })
		} else {
			run.measure(size, (*slot).closed)
		}
	})
}

type bench struct {
	requests rocketmq.Producer
	topic    string
	sequence int64
}

// call makes one request, and fails unless the reply's body is the request's, byte by byte.
func (bench *bench) call(size int) error {
	head := fmt.Sprintf(`{"seq":"%d","pad":"`, atomic.AddInt64(&bench.sequence, 1))
	body := []byte(head + strings.Repeat("x", size-len(head)-2) + `"}`)
	reply, err := bench.requests.Request(context.Background(), benchTimeout, primitive.NewMessage(bench.topic, body))
	if err != nil {
		return err
	}
	if !bytes.Equal(reply.Body, body) {
		return errors.New("not the body that was sent")
	}
	return nil
}

// run is one window: in a closed loop calls that end within it count, in an open one those that were due within it.
type run struct {
	bench           *bench
	body            int
	begin, from, to time.Time
	ticket          int64
	ended           int64
	failed          int64
	anError         atomic.Value
}

// slot makes one call after the other.
type slot struct {
	run        *run
	took, late []time.Duration
}

func (run *run) measure(count int, each func(*slot)) {
	slots := make([]slot, count)
	var done sync.WaitGroup
	for index := range slots {
		slots[index].run = run
		done.Add(1)
		go func(slot *slot) {
			defer done.Done()
			each(slot)
		}(&slots[index])
	}
	time.Sleep(time.Until(run.from))
	fmt.Println(`{"event":"start"}`)
	atomic.StoreInt64(&run.ended, 0)
	start := time.Now()
	time.Sleep(time.Until(run.to))
	seconds := time.Since(start).Seconds()
	calls := atomic.LoadInt64(&run.ended)
	fmt.Println(`{"event":"stop"}`)
	done.Wait()
	run.report(slots, calls, seconds)
}

// closed lets each call follow the one before at once.
func (slot *slot) closed() {
	for start := time.Now(); start.Before(slot.run.to); start = time.Now() {
		if slot.call() {
			if end := time.Now(); end.After(slot.run.from) && end.Before(slot.run.to) {
				slot.took = append(slot.took, end.Sub(start))
			}
		}
	}
}

// open begins calls when they are due, and measures from then on. What is due and not begun when the window is over
// counts with what it has waited.
func (slot *slot) open(gap time.Duration) {
	run := slot.run
	for {
		due := run.begin.Add(gap * time.Duration(atomic.AddInt64(&run.ticket, 1)-1))
		if !due.Before(run.to) {
			return
		}
		time.Sleep(time.Until(due))
		start, end := time.Now(), run.to
		if start.Before(run.to) {
			if !slot.call() {
				continue
			}
			end = time.Now()
		} else {
			start = run.to
		}
		if !due.Before(run.from) {
			slot.took = append(slot.took, end.Sub(due))
			slot.late = append(slot.late, start.Sub(due))
		}
	}
}

func (slot *slot) call() bool {
	err := slot.run.bench.call(slot.run.body)
	if err == nil {
		atomic.AddInt64(&slot.run.ended, 1)
		return true
	}
	atomic.AddInt64(&slot.run.failed, 1)
	slot.run.anError.Store(oneLine(err.Error()))
	return false
}

func (run *run) report(slots []slot, calls int64, seconds float64) {
	var took, late []time.Duration
	for _, slot := range slots {
		took = append(took, slot.took...)
		late = append(late, slot.late...)
	}
	anError, _ := run.anError.Load().(string)
	line, _ := json.Marshal(map[string]any{
		"event":     "end",
		"calls":     calls,
		"failed":    atomic.LoadInt64(&run.failed),
		"seconds":   seconds,
		"p50Ms":     quantileMs(took, 0.50),
		"p99Ms":     quantileMs(took, 0.99),
		"p999Ms":    quantileMs(took, 0.999),
		"lateP99Ms": quantileMs(late, 0.99),
		"anError":   anError,
	})
	fmt.Println(string(line))
}
