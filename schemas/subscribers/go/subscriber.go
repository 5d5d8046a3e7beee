package main

// #cgo LDFLAGS: -lzmq
// #include <errno.h>
// #include <stdlib.h>
// #include <zmq.h>
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

const (
	pollInterval = 50 * time.Millisecond // snapshot requests may become due while it waits
	batchMax     = 1000
)

// Curve holds keys in Z85.
type Curve struct{ ServerKey, PublicKey, SecretKey string }

// Options of a subscriber.
type Options struct {
	Accounts          []string // none: all
	HeartbeatInterval time.Duration
	Curve             *Curve
	HighWaterMark     int // 0: 100,000 messages
}

// Subscriber follows one bridge, over any of its endpoints. Use it in one goroutine only.
//
//	subscriber, err := Connect("tcp://127.0.0.1:5556", Options{})
//	for {
//		for _, change := range subscriber.Poll(time.Second) {
//			fmt.Println(change, subscriber.Positions[change])
//		}
//	}
type Subscriber struct {
	*Book
	context, socket unsafe.Pointer
}

// Connect connects; the bridge need not run yet.
func Connect(endpoint string, options Options) (*Subscriber, error) {
	if options.HeartbeatInterval == 0 {
		options.HeartbeatInterval = time.Second
	}
	if options.HighWaterMark == 0 {
		options.HighWaterMark = 100_000
	}
	context := C.zmq_ctx_new()
	subscriber := &Subscriber{
		Book:    NewBook(options.Accounts, options.HeartbeatInterval, time.Now()),
		context: context,
		socket:  C.zmq_socket(context, C.ZMQ_SUB),
	}
	if err := subscriber.connect(endpoint, options); err != nil {
		subscriber.Close()
		return nil, err
	}
	return subscriber, nil
}

func (subscriber *Subscriber) connect(endpoint string, options Options) error {
	for option, value := range map[C.int]int{
		C.ZMQ_LINGER:            0,
		C.ZMQ_RCVHWM:            options.HighWaterMark,
		C.ZMQ_RECONNECT_IVL:     100,
		C.ZMQ_RECONNECT_IVL_MAX: 5000,
		C.ZMQ_HEARTBEAT_IVL:     1000, // detects a bridge whose machine is down
		C.ZMQ_HEARTBEAT_TIMEOUT: 3000,
	} {
		number := C.int(value)
		if C.zmq_setsockopt(subscriber.socket, option, unsafe.Pointer(&number),
			C.size_t(unsafe.Sizeof(number))) != 0 {
			return zmqError("a socket option")
		}
	}
	if curve := options.Curve; curve != nil {
		for option, key := range map[C.int]string{C.ZMQ_CURVE_SERVERKEY: curve.ServerKey,
			C.ZMQ_CURVE_PUBLICKEY: curve.PublicKey, C.ZMQ_CURVE_SECRETKEY: curve.SecretKey} {
			if subscriber.setText(option, key) != 0 {
				return zmqError("a CURVE key")
			}
		}
	}
	subscriber.subscribe()
	address := C.CString(endpoint)
	defer C.free(unsafe.Pointer(address))
	if C.zmq_connect(subscriber.socket, address) != 0 {
		return zmqError(endpoint)
	}
	return nil
}

// Close closes the socket.
func (subscriber *Subscriber) Close() {
	C.zmq_close(subscriber.socket)
	C.zmq_ctx_term(subscriber.context)
}

// Poll returns what changed, waiting up to timeout for it; Positions is the new state.
func (subscriber *Subscriber) Poll(timeout time.Duration) []Change {
	var changes []Change
	ends := time.Now().Add(timeout)
	for len(changes) == 0 {
		left := time.Until(ends)
		if left <= 0 {
			break
		}
		if left > pollInterval {
			left = pollInterval
		}
		item := C.zmq_pollitem_t{socket: subscriber.socket, events: C.ZMQ_POLLIN}
		if C.zmq_poll(&item, 1, C.long(left.Milliseconds()+1)) > 0 {
			changes = subscriber.receiveAll(changes)
		}
		changes = append(changes, subscriber.Tick(time.Now())...)
		subscriber.subscribe()
	}
	return changes
}

func (subscriber *Subscriber) receiveAll(changes []Change) []Change {
	for count := 0; count < batchMax; count++ {
		frames := subscriber.receiveFrames()
		if frames == nil {
			break
		}
		var payload []byte
		if len(frames) == 2 {
			payload = frames[1]
		}
		changes = append(changes, subscriber.Receive(string(frames[0]), payload, time.Now())...)
	}
	return changes
}

// All frames of a message, or nil when there is none.
func (subscriber *Subscriber) receiveFrames() [][]byte {
	var frames [][]byte
	for {
		var frame C.zmq_msg_t
		C.zmq_msg_init(&frame)
		size := C.zmq_msg_recv(&frame, subscriber.socket, C.ZMQ_DONTWAIT)
		if size < 0 {
			C.zmq_msg_close(&frame)
			return nil
		}
		frames = append(frames, C.GoBytes(C.zmq_msg_data(&frame), size))
		hasMore := C.zmq_msg_more(&frame) != 0
		C.zmq_msg_close(&frame)
		if !hasMore {
			return frames
		}
	}
}

func (subscriber *Subscriber) subscribe() {
	for _, subscription := range subscriber.TakeSubscriptions() {
		option := C.int(C.ZMQ_UNSUBSCRIBE)
		if subscription.IsWanted {
			option = C.ZMQ_SUBSCRIBE
		}
		subscriber.setText(option, subscription.Topic)
	}
}

func (subscriber *Subscriber) setText(option C.int, text string) C.int {
	bytes := C.CString(text)
	defer C.free(unsafe.Pointer(bytes))
	return C.zmq_setsockopt(subscriber.socket, option, unsafe.Pointer(bytes), C.size_t(len(text)))
}

func zmqError(what string) error {
	return fmt.Errorf("%s: %s", what, C.GoString(C.zmq_strerror(C.zmq_errno())))
}
