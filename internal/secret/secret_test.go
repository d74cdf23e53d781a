package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"cognito-enroll/internal/secret"
)

const canary = "canary-7b1f"

type holder struct {
	Exported   secret.Text
	unexported secret.Text
	nested     struct{ deep []secret.Text }
}

func newHolder() holder {
	h := holder{Exported: secret.New(canary), unexported: secret.New(canary)}
	h.nested.deep = []secret.Text{secret.New(canary)}
	return h
}

func TestNoVerbPrintsTheText(t *testing.T) {
	h := newHolder()
	for _, value := range []any{h, &h, h.Exported, &h.Exported, []secret.Text{h.unexported}, map[string]any{"k": h}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t"} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, canary) || strings.Contains(got, fmt.Sprintf("%x", canary)) {
				t.Errorf("Sprintf(%q, %T) = %q, prints the secret", verb, value, got)
			}
		}
	}
	if err := fmt.Errorf("verify %v: %w", h.Exported, errors.ErrUnsupported); strings.Contains(err.Error(), canary) {
		t.Errorf("error text %q prints the secret", err)
	}
}

func TestNoEncoderPrintsTheText(t *testing.T) {
	h := newHolder()
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).Info("said", "text", h.Exported, "holder", h, "group", slog.GroupValue(slog.Any("t", h.Exported)))
	}
	encoded, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	if strings.Contains(out.String(), canary) {
		t.Errorf("printed the secret:\n%s", out.String())
	}
	if !strings.Contains(string(encoded), secret.Redacted) {
		t.Errorf("json = %s, want it to say %s", encoded, secret.Redacted)
	}
}

func TestTextComparesAndReveals(t *testing.T) {
	if got := secret.New(canary).Reveal(); got != canary {
		t.Errorf("Reveal() = %q, want %q", got, canary)
	}
	if !(secret.Text{}).IsZero() || !secret.New("").IsZero() || secret.New(canary).IsZero() {
		t.Error("IsZero is wrong")
	}
	if !secret.New(canary).Equal(secret.New(canary)) || secret.New(canary).Equal(secret.New("other")) || secret.New(canary).Equal(secret.Text{}) {
		t.Error("Equal is wrong")
	}
}
