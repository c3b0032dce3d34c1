module github.com/lordmathis/llamactl-go-client

go 1.24

require github.com/coder/websocket v1.8.15
