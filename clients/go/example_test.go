package llamactl_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/lordmathis/llamactl-go-client"
)

func Example() {
	client := llamactl.NewClient("http://localhost:8080")
	_, err := client.CreateInstance(llamactl.CreateInstance{
		Name:      "example",
		ModelPath: "/models/example.gguf",
		Options:   llamactl.EngineOptions{"ctx_size": 4096, "threads": 4},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.StartInstance("example", llamactl.StartParams{Wait: true}); err != nil {
		log.Fatal(err)
	}
	question := llamactl.ChatRequest{
		Model:    "example",
		Messages: []llamactl.ChatMessage{{Role: "user", Content: "Hello"}},
	}
	for chunk, err := range client.StreamChat(question) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(chunk.Text())
	}
	if _, err := client.StopInstance("example", llamactl.StopParams{Wait: true}); err != nil {
		log.Fatal(err)
	}
	if _, err := client.DeleteInstance("example"); err != nil {
		log.Fatal(err)
	}
}

func ExampleNewClient() {
	client := llamactl.NewClient("https://example.org/llm",
		llamactl.WithAPIKey(os.Getenv("LLAMACTL_TOKEN")),
		llamactl.WithTimeout(10*time.Second),
		llamactl.WithRetries(5),
	)
	fmt.Println(client.URL())
	// Output: https://example.org/llm
}

func ExampleClient_With() {
	client := llamactl.NewClient("http://localhost:8080")
	login, err := client.Login(llamactl.Login{Username: "admin", Password: "password"})
	if err != nil {
		log.Fatal(err)
	}
	admin := client.With(llamactl.WithToken(login.Token))
	users, err := admin.ListUsers()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(users))
}

func ExampleClient_FollowLogsContext() {
	client := llamactl.NewClient("http://localhost:8080")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for item, err := range client.FollowLogsContext(ctx, "example", llamactl.FollowLogsParams{Level: llamactl.LogLevelWarn}) {
		switch {
		case errors.Is(err, context.Canceled):
			return
		case err != nil:
			log.Fatal(err)
		case item.Gap != nil:
			fmt.Println("some lines are gone")
		default:
			fmt.Println(item.Timestamp.Format(time.TimeOnly), item.Message)
		}
	}
}

func ExampleClient_Events() {
	client := llamactl.NewClient("http://localhost:8080")
	for event, err := range client.Events() {
		if err != nil {
			log.Fatal(err)
		}
		switch data := event.Data.(type) {
		case *llamactl.InstanceStatusChangedEvent:
			fmt.Println(data.Name, data.PreviousStatus, "→", data.Status)
		case *llamactl.SystemAlertEvent:
			fmt.Println(data.State, data.Message)
		case *llamactl.GapEvent:
			fmt.Println("events are gone: ask for the present")
		}
	}
}

func ExampleClient_UpdateInstance() {
	client := llamactl.NewClient("http://localhost:8080")
	_, err := client.UpdateInstance("example", llamactl.UpdateInstance{
		Options:     llamactl.Set(map[string]any{"threads": 8, "ctx_size": nil}),
		IdleTimeout: llamactl.Remove[float64](),
	}, llamactl.UpdateInstanceParams{Restart: true})
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleError() {
	var err error = &llamactl.Error{
		Message: "The engine did not start.", Code: llamactl.CodeStartFailed, Status: 502, Reason: "the file is no model",
	}
	if errors.Is(err, llamactl.CodeStartFailed) {
		fmt.Println("it did not start")
	}
	var answered *llamactl.Error
	if errors.As(err, &answered) {
		fmt.Println(answered.Status, answered.Reason)
	}
	// Output:
	// it did not start
	// 502 the file is no model
}
