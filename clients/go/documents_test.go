package llamactl

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The pages that have code of Go. In docs/client.md everything else is of other languages.
var pages = []string{"README.md", "../../docs/client.md"}

var (
	goBlock     = regexp.MustCompile("(?s)```go\n(.*?)```")
	shellBlock  = regexp.MustCompile("(?s)```sh\n(go mod .*?)```")
	importLines = regexp.MustCompile(`(?s)^import (\(.*?\n\)|"[^"]*")\n`)
)

const reference = `import "github.com/lordmathis/llamactl-go-client"

client := llamactl.NewClient("http://localhost:8080")
instances, err := client.ListInstances()
`

// TestThePagesAreRight makes programs of what the pages print, in an empty project that is made by the commands that they
// print, without network.
func TestThePagesAreRight(t *testing.T) {
	module, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	project := t.TempDir()
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(text, []byte(reference)) {
			t.Errorf("%s lacks the lines of the API reference", page)
		}
		for index, block := range goBlock.FindAllSubmatch(text, -1) {
			name := strings.TrimSuffix(filepath.Base(page), ".md") + strconv.Itoa(index)
			write(t, filepath.Join(project, name, "main.go"), program(string(block[1])))
		}
		commands := shellBlock.FindSubmatch(text)
		if commands == nil {
			t.Fatalf("%s does not say how to install the module", page)
		}
		for _, command := range strings.Split(strings.TrimSpace(string(commands[1])), "\n") {
			words := strings.Fields(strings.ReplaceAll(command, "/path/to/llamactl/clients/go", module))
			// The second page says the same.
			if words[2] == "init" && page != pages[0] {
				continue
			}
			run(t, project, words...)
		}
	}
	run(t, project, "go", "build", "./...")
	if url := os.Getenv(urlVariable); url != "" {
		write(t, filepath.Join(project, "README0", "main.go"), strings.ReplaceAll(program(reference), "http://localhost:8080", url))
		if said := run(t, project, "go", "run", "./README0"); !strings.HasSuffix(said, "] <nil>\n") {
			t.Error(said)
		}
	}
}

// program makes one of lines that begin with what they import.
func program(lines string) string {
	imports := importLines.FindString(lines)
	rest := strings.TrimPrefix(lines, imports)
	if strings.HasPrefix(lines, reference) {
		imports += "\nimport \"fmt\"\n"
		rest += "fmt.Println(instances, err)\n"
	}
	return "package main\n\n" + imports + "\nfunc main() {\n" + rest + "}\n"
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, folder string, words ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), words[0], words[1:]...)
	command.Dir = folder
	// What it needs was downloaded for this module already.
	command.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS="+os.Getenv("GOFLAGS")+" -mod=mod")
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, said)
	}
	return string(said)
}
