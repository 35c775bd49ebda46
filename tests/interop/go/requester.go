package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// request sends one request for each line of standard input, "(timeout in ms) (tag) (property=value or -) (body)", and
// prints "reply (body)" and "properties {...}", or "error (message)" and "properties {}". It prints "ready" before. The
// client takes the topic's queues in turn.
func request(nameServer, topic string) error {
	requests, err := startRequester(nameServer, topic, "go-requester")
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return lines(func(line string) {
		words := strings.SplitN(line, " ", 4)
		timeoutMs, _ := strconv.Atoi(words[0])
		message := primitive.NewMessage(topic, []byte(words[3])).WithTag(words[1])
		if property := strings.SplitN(words[2], "=", 2); len(property) == 2 {
			message.WithProperty(property[0], property[1])
		}
		reply, err := requests.Request(context.Background(), time.Duration(timeoutMs)*time.Millisecond, message)
		if err != nil {
			fmt.Println("error " + oneLine(err.Error()))
			fmt.Println("properties {}")
			return
		}
		properties, _ := json.Marshal(reply.GetProperties())
		fmt.Println("reply " + string(reply.Body))
		fmt.Println("properties " + string(properties))
	})
}

// startRequester starts a producer whose replies will find it soon.
func startRequester(nameServer, topic, group string) (rocketmq.Producer, error) {
	requests, err := rocketmq.NewProducer(
		producer.WithGroupName(group),
		producer.WithNsResolver(primitive.NewPassthroughResolver([]string{nameServer})),
		producer.WithQueueSelector(producer.NewRoundRobinQueueSelector()),
	)
	if err != nil {
		return nil, err
	}
	if err = requests.Start(); err != nil {
		return nil, err
	}
	// One second after its start the client registers with the brokers that it knows by then, and else 30 s later: this
	// request, whose reply is lost, makes it know them.
	_, _ = requests.Request(context.Background(), time.Millisecond, primitive.NewMessage(topic, []byte("{}")).WithTag("warm-up"))
	return requests, nil
}
