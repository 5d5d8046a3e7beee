package main

// Prints the positions of a bridge as they change.
//
// usage: example [--json] ENDPOINT [ACCOUNT,...|all] [HEARTBEAT_INTERVAL_MS]
//
// With an encrypted bus, CURVE_SERVER_KEY, CURVE_PUBLIC_KEY and CURVE_SECRET_KEY are in the
// environment. With --json, the complete state as one line, ten times per second.

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const jsonInterval = 100 * time.Millisecond

func printJSON(subscriber *Subscriber) {
	positions := []Position{}
	for _, position := range subscriber.Positions {
		positions = append(positions, position)
	}
	accounts := map[string]any{}
	for name, account := range subscriber.Accounts {
		accounts[name] = map[string]any{"state": account.State, "is_current": account.IsCurrent}
	}
	line, err := json.Marshal(map[string]any{
		"positions": positions, "accounts": accounts, "counters": subscriber.Counters})
	if err != nil {
		fail(err)
	}
	fmt.Println(string(line))
}

func printChange(subscriber *Subscriber, change Change) {
	if change.Symbol == "" {
		if account := subscriber.Accounts[change.Account]; account != nil {
			complete := map[bool]string{true: "complete", false: "incomplete"}[account.IsCurrent]
			fmt.Printf("%s: %s, %s\n", change.Account, account.State, complete)
		}
		return
	}
	what := "closed"
	if position := subscriber.Positions[change]; position != nil {
		what = fmt.Sprintf("%s %s at %v (%s)", position["side"], position["size"],
			position["mark_price"], position["state"])
	}
	fmt.Println(change.Account, change.Symbol, change.PositionSide, what)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "example:", err)
	os.Exit(1)
}

func optionsOf(arguments []string) Options {
	var options Options
	if len(arguments) > 0 && arguments[0] != "all" {
		options.Accounts = strings.Split(arguments[0], ",")
	}
	if len(arguments) > 1 {
		milliseconds, err := strconv.Atoi(arguments[1])
		if err != nil {
			fail(err)
		}
		options.HeartbeatInterval = time.Duration(milliseconds) * time.Millisecond
	}
	curve := Curve{os.Getenv("CURVE_SERVER_KEY"), os.Getenv("CURVE_PUBLIC_KEY"),
		os.Getenv("CURVE_SECRET_KEY")}
	if curve.ServerKey != "" && curve.PublicKey != "" && curve.SecretKey != "" {
		options.Curve = &curve
	}
	return options
}

func main() {
	arguments := os.Args[1:]
	isJSON := len(arguments) > 0 && arguments[0] == "--json"
	if isJSON {
		arguments = arguments[1:]
	}
	if len(arguments) == 0 {
		fail(fmt.Errorf("which endpoint?"))
	}
	subscriber, err := Connect(arguments[0], optionsOf(arguments[1:]))
	if err != nil {
		fail(err)
	}
	for nextLine := time.Now(); ; {
		changes := subscriber.Poll(jsonInterval)
		if !isJSON {
			for _, change := range changes {
				printChange(subscriber, change)
			}
		} else if !time.Now().Before(nextLine) {
			printJSON(subscriber)
			nextLine = time.Now().Add(jsonInterval)
		}
	}
}
