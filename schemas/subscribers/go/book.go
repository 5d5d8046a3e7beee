// Package main keeps the current positions of a position-bridge from its bus.
//
// This file makes all decisions: it takes messages and the time, and returns changes and
// subscriptions. It has no socket and no clock.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

const (
	missedHeartbeats = 3
	firstAskWithin   = 100 * time.Millisecond // many notice the same loss at once
	askAgainAfter    = time.Second            // doubled each time
	askAgainAfterMax = 30 * time.Second
)

// Position is the last position.update of an open position, by the names of its keys. Its "state"
// is "live" only while it can be trusted: heartbeats arrive, no message was missed, and the bridge
// reports it as live.
type Position map[string]any

// Key names a position.
type Key struct{ Account, Symbol, PositionSide string }

// Change is a position, or an account when it has no symbol.
type Change = Key

// Account is the state of an account.
type Account struct {
	State     string // "unknown", or the state from the bridge: live, stale, ...
	IsCurrent bool   // no message of it is missing
	isKnown   bool   // otherwise it may hold positions that the bridge does not know
	sequence  *int64
}

// Counters count from the start.
type Counters struct {
	Gaps      int64 `json:"gaps"`
	Snapshots int64 `json:"snapshots"`
	Epochs    int64 `json:"epochs"`
	Stale     int64 `json:"stale"`
	Rejected  int64 `json:"rejected"`
}

// Subscription is a change of the subscriptions of the socket.
type Subscription struct {
	IsWanted bool
	Topic    string
}

// A required snapshot: requested by topic unless that is empty; the next request is at due.
type ask struct {
	topic      string
	due        time.Time
	count      int
	isAnswered bool
	account    string // the account of these parts
	parts      int64
	positions  []Position
}

type epoch struct {
	instance string
	start    int64
}

// Book is the state of one bridge.
type Book struct {
	Positions map[Key]Position
	Accounts  map[string]*Account
	Counters  Counters

	followed      map[string]bool // nil: all
	scopes        []string
	silence       time.Duration
	silentAt      time.Time
	isSilent      bool
	epoch         epoch
	asks          map[string]*ask
	changes       map[Change]bool
	subscriptions []Subscription
}

// NewBook follows the given accounts, or all if there are none.
func NewBook(accounts []string, heartbeatInterval time.Duration, now time.Time) *Book {
	book := &Book{
		Positions: map[Key]Position{},
		Accounts:  map[string]*Account{},
		scopes:    []string{"all"},
		silence:   missedHeartbeats * heartbeatInterval,
		isSilent:  true,
		asks:      map[string]*ask{},
		changes:   map[Change]bool{},
	}
	book.silentAt = now.Add(book.silence)
	topics := []string{"bridge.heartbeat", "bridge.shutdown"}
	if len(accounts) == 0 {
		topics = append(topics, "position.update.", "account.status.")
	} else {
		book.scopes = accounts
		book.followed = map[string]bool{}
	}
	for _, account := range accounts {
		book.followed[account] = true
		topics = append(topics, "position.update."+account+".", "account.status."+account)
	}
	for _, topic := range topics {
		book.subscriptions = append(book.subscriptions, Subscription{true, topic})
	}
	for _, scope := range book.scopes {
		book.asks[scope] = &ask{due: now}
	}
	return book
}

// TakeSubscriptions is for the owner of the socket; each is returned once.
func (book *Book) TakeSubscriptions() []Subscription {
	taken := book.subscriptions
	book.subscriptions = nil
	return taken
}

// Receive takes a message and returns the changes.
func (book *Book) Receive(topic string, payload []byte, now time.Time) []Change {
	message, err := decode(topic, payload)
	if err != nil {
		book.Counters.Rejected++
		return nil
	}
	book.apply(topic, message, now)
	return book.takeChanges()
}

// Tick advances the time; call it often, after receiving what has arrived.
func (book *Book) Tick(now time.Time) []Change {
	if !now.Before(book.silentAt) {
		book.silentAt = now.Add(book.silence)
		book.distrustEverything(now)
	}
	for scope, ask := range book.asks {
		if !now.Before(ask.due) {
			book.send(scope, ask, now)
		}
	}
	return book.takeChanges()
}

func (book *Book) takeChanges() []Change {
	var taken []Change
	for change := range book.changes {
		taken = append(taken, change)
	}
	book.changes = map[Change]bool{}
	return taken
}

// --- messages -----------------------------------------------------------------------------------

func (book *Book) apply(topic string, message *message, now time.Time) {
	if message.Type != "position.snapshot" {
		book.endAnswers()
	} else if _, ask := book.findAsk(topic); ask == nil {
		return // the rest of a withdrawn request's answer
	}
	book.enterEpoch(epoch{*message.Instance, *message.Epoch}, now)
	switch message.Type {
	case "position.update":
		if book.followSequence(message, now) {
			book.put(message.update, book.Accounts[*message.Account])
		}
	case "account.status":
		book.onStatus(message, now)
	case "bridge.heartbeat":
		book.onHeartbeat(message, now)
	case "position.snapshot":
		book.onSnapshot(topic, message)
	case "bridge.shutdown":
		book.distrustEverything(now)
	}
}

func (book *Book) onStatus(message *message, now time.Time) {
	if !book.followSequence(message, now) {
		return
	}
	name := *message.Account
	account := book.Accounts[name]
	account.State = *message.State
	book.changes[Change{Account: name}] = true
	if account.State != "live" {
		book.markStale(name)
	} else if !account.isKnown {
		book.distrust(name)
		book.want(name, now)
	}
}

func (book *Book) onHeartbeat(message *message, now time.Time) {
	book.silentAt = now.Add(book.silence)
	book.isSilent = false
	for name, sequence := range message.Accounts {
		if !book.isFollowed(name) {
			continue
		}
		account := book.accountOf(name)
		if account.sequence != nil && sequence > *account.sequence {
			book.lose(name, now)
		}
		if account.sequence == nil || sequence > *account.sequence {
			sequence := sequence
			account.sequence = &sequence
		}
		if !account.IsCurrent {
			book.want(name, now)
		}
	}
	for name, account := range book.Accounts {
		if _, isNamed := message.Accounts[name]; !isNamed && account.State != "stopped" {
			book.distrust(name)
			book.want(name, now)
		}
	}
}

func (book *Book) onSnapshot(topic string, message *message) {
	scope, ask := book.findAsk(topic)
	name := *message.Account
	// A new epoch may just have ended the requests of the last one.
	if ask == nil || !book.isFollowed(name) {
		return
	}
	if *message.Part == 1 {
		ask.account, ask.parts, ask.positions = name, 0, nil
	}
	if name != ask.account || *message.Part != ask.parts+1 {
		ask.account = "" // a part was lost: request it again
		return
	}
	ask.parts++
	ask.positions = append(ask.positions, message.positions...)
	if *message.Part < *message.Parts {
		return
	}
	book.replace(message, ask.positions)
	ask.account = ""
	ask.isAnswered = true
	if scope != "all" {
		book.end(scope)
	}
}

// Replaces the account by the snapshot.
func (book *Book) replace(message *message, positions []Position) {
	name := *message.Account
	for key := range book.Positions {
		if key.Account == name {
			delete(book.Positions, key)
			book.changes[key] = true
		}
	}
	account := &Account{State: *message.State, IsCurrent: true, isKnown: !message.isUnknown,
		sequence: message.Sequence}
	book.Accounts[name] = account
	book.isSilent = false
	for _, position := range positions {
		book.put(position, account)
	}
	book.Counters.Snapshots++
	book.changes[Change{Account: name}] = true
}

func (book *Book) put(position Position, account *Account) {
	key := Key{position["account"].(string), position["symbol"].(string),
		position["position_side"].(string)}
	if position["side"] == "FLAT" {
		delete(book.Positions, key)
	} else {
		if !account.IsCurrent {
			position["state"] = "stale"
		}
		book.Positions[key] = position
	}
	book.changes[key] = true
}

// --- losses ----------------------------------------------------------------------------

func (book *Book) isFollowed(name string) bool {
	return book.followed == nil || book.followed[name]
}

func (book *Book) accountOf(name string) *Account {
	if book.Accounts[name] == nil {
		book.Accounts[name] = &Account{State: "unknown"}
	}
	return book.Accounts[name]
}

func (book *Book) enterEpoch(epoch epoch, now time.Time) {
	if epoch == book.epoch {
		return
	}
	book.epoch = epoch
	book.Counters.Epochs++
	for key := range book.Positions {
		book.changes[key] = true
	}
	for name := range book.Accounts {
		book.changes[Change{Account: name}] = true
	}
	book.Positions = map[Key]Position{}
	book.Accounts = map[string]*Account{}
	book.silentAt = now.Add(book.silence)
	for scope := range book.asks {
		if scope != "all" && !book.followed[scope] {
			book.end(scope)
		}
	}
	for _, scope := range book.scopes {
		if ask := book.asks[scope]; ask != nil && ask.topic != "" {
			ask.count = 1 // the new bridge received it when we connected
			ask.due = now.Add(pause(ask))
		} else {
			book.want(scope, now)
		}
	}
}

// Whether the message is new.
func (book *Book) followSequence(message *message, now time.Time) bool {
	name := *message.Account
	if !book.isFollowed(name) {
		return false
	}
	account := book.accountOf(name)
	if account.sequence != nil {
		if *message.Sequence <= *account.sequence {
			return false
		}
		if *message.Sequence > *account.sequence+1 {
			book.lose(name, now)
		}
	}
	account.sequence = message.Sequence
	return true
}

func (book *Book) lose(name string, now time.Time) {
	book.Counters.Gaps++
	book.distrust(name)
	book.want(name, now)
}

func (book *Book) distrust(name string) {
	book.Accounts[name].IsCurrent = false
	book.changes[Change{Account: name}] = true
	book.markStale(name)
}

func (book *Book) distrustEverything(now time.Time) {
	if !book.isSilent {
		book.Counters.Stale++
	}
	book.isSilent = true
	for name := range book.Accounts {
		book.distrust(name)
	}
	for _, scope := range book.scopes {
		book.want(scope, now)
	}
}

func (book *Book) markStale(name string) {
	for key, position := range book.Positions {
		if key.Account == name && position["state"] != "stale" {
			position["state"] = "stale"
			book.changes[key] = true
		}
	}
}

// --- requests ----------------------------------------------------------------------------------

func (book *Book) findAsk(topic string) (string, *ask) {
	for scope, ask := range book.asks {
		if ask.topic == topic {
			return scope, ask
		}
	}
	return "", nil
}

func (book *Book) want(scope string, now time.Time) {
	if book.asks[scope] == nil && book.asks["all"] == nil {
		book.asks[scope] = &ask{due: now.Add(scaled(firstAskWithin, mathrand.Float64()))}
	}
}

func (book *Book) send(scope string, ask *ask, now time.Time) {
	if ask.topic != "" {
		book.subscriptions = append(book.subscriptions, Subscription{false, ask.topic})
	}
	ask.topic = fmt.Sprintf("snapshot.%s.%s", nonce(), scope)
	ask.account = ""
	ask.isAnswered = false
	ask.count++
	ask.due = now.Add(pause(ask))
	book.subscriptions = append(book.subscriptions, Subscription{true, ask.topic})
}

func pause(ask *ask) time.Duration {
	longest := askAgainAfterMax
	if ask.count <= 5 {
		longest = askAgainAfter << (ask.count - 1)
	}
	return scaled(longest, 0.5+0.5*mathrand.Float64())
}

func scaled(duration time.Duration, factor float64) time.Duration {
	return time.Duration(float64(duration) * factor)
}

func nonce() string {
	bytes := make([]byte, 16)
	if _, err := rand.Read(bytes); err != nil {
		panic(err) // no randomness: the system is broken
	}
	return hex.EncodeToString(bytes)
}

// The messages of an answer are consecutive: any other message ends it.
func (book *Book) endAnswers() {
	for scope, ask := range book.asks {
		if ask.isAnswered {
			book.end(scope)
		}
	}
}

func (book *Book) end(scope string) {
	if topic := book.asks[scope].topic; topic != "" {
		book.subscriptions = append(book.subscriptions, Subscription{false, topic})
	}
	delete(book.asks, scope)
}

// --- messages from bytes ------------------------------------------------------------------------

var errGarbage = errors.New("not a message of the bus")

// Any message; fields that its type lacks are nil.
type message struct {
	V        int64                `msgpack:"v"`
	Type     string               `msgpack:"type"`
	Instance *string              `msgpack:"instance"`
	Epoch    *int64               `msgpack:"epoch"`
	Account  *string              `msgpack:"account"`
	State    *string              `msgpack:"state"`
	Sequence *int64               `msgpack:"account_seq"`
	Part     *int64               `msgpack:"part"`
	Parts    *int64               `msgpack:"parts"`
	Accounts map[string]int64     `msgpack:"accounts"`
	Raw      []msgpack.RawMessage `msgpack:"positions"`

	update    Position
	positions []Position
	isUnknown bool
}

func decode(topic string, payload []byte) (*message, error) {
	var message message
	whole, err := toMap(payload)
	if err != nil {
		return nil, err
	}
	if err := unmarshal(payload, &message); err != nil {
		return nil, err
	}
	prefix := message.Type
	if prefix == "position.snapshot" {
		prefix = "snapshot."
	}
	if message.V != 1 || message.Instance == nil ||
		!isCount(message.Epoch) || !strings.HasPrefix(topic, prefix) {
		return nil, errGarbage
	}
	switch message.Type {
	case "bridge.shutdown":
		return &message, nil
	case "bridge.heartbeat":
		for _, sequence := range message.Accounts {
			if sequence < 0 {
				return nil, errGarbage
			}
		}
		return &message, check(message.Accounts != nil)
	case "position.update":
		message.update = whole
		return &message, check(isPosition(whole) && isCount(message.Sequence))
	case "account.status":
		return &message, check(message.hasAccount())
	case "position.snapshot":
		return &message, message.readSnapshot(whole)
	}
	return nil, errGarbage
}

func (message *message) hasAccount() bool {
	return message.Account != nil && message.State != nil && isCount(message.Sequence)
}

func (message *message) readSnapshot(whole Position) error {
	positions, isThere := whole["positions"]
	message.isUnknown = positions == nil
	if !isThere || !message.hasAccount() || !isCount(message.Part) || !isCount(message.Parts) {
		return errGarbage
	}
	for _, raw := range message.Raw {
		position, err := toMap(raw)
		if err != nil || !isPosition(position) || position["account"] != *message.Account {
			return errGarbage
		}
		message.positions = append(message.positions, position)
	}
	return nil
}

// The decoder reads a negative number into an unsigned one: decode into signed integers.
func isCount(number *int64) bool { return number != nil && *number >= 0 }

func isPosition(position Position) bool {
	for _, key := range []string{"account", "symbol", "position_side", "side", "size", "state"} {
		if _, isText := position[key].(string); !isText {
			return false
		}
	}
	return true
}

func toMap(payload []byte) (Position, error) {
	var whole Position
	err := unmarshal(payload, &whole)
	return whole, err
}

// The decoder recurses and trusts declared lengths, so both are checked first.
func unmarshal(payload []byte, into any) (err error) {
	defer func() {
		if recover() != nil {
			err = errGarbage
		}
	}()
	reader := bytes.NewReader(payload)
	if err := msgpack.NewDecoder(reader).Decode(into); err != nil {
		return err
	}
	return check(reader.Len() == 0)
}

func check(isGood bool) error {
	if isGood {
		return nil
	}
	return errGarbage
}
