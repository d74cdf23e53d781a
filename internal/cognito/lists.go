package cognito

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAnswer is more than any answer of the pool.
const maxAnswer = 1 << 20

// acceptLists reads answers, no more of one than maxAnswer, and lets challenge parameters be JSON lists and objects, which some Cognito-compatible services send where
// Cognito sends the same as text (MFAS_CAN_SETUP in moto). The SDK would refuse the whole answer.
func acceptLists(stack *middleware.Stack) error {
	err := stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("AcceptLists", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		response, ok := out.RawResponse.(*smithyhttp.Response)
		if !ok || err != nil {
			return out, metadata, err
		}
		body, readErr := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		_ = response.Body.Close()
		if hasParameters(middleware.GetOperationName(ctx)) {
			body = listsToText(body)
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		if readErr != nil { // not otherwise: the SDK reads to the end, through 32 KB of its own unless it is one reader
			response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{readErr}))
		}
		return out, metadata, nil
	}), middleware.After)
	if err != nil {
		return fmt.Errorf("cognito: %w", err)
	}
	return nil
}

// failing gives an error to whoever reads on.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// hasParameters reports whether an operation's answer may be a challenge.
func hasParameters(operation string) bool {
	return operation == "InitiateAuth" || operation == "RespondToAuthChallenge"
}

// listsToText writes lists and objects in ChallengeParameters as text. Anything else is left as it is.
func listsToText(body []byte) []byte {
	if !bytes.Contains(body, []byte(`"ChallengeParameters"`)) {
		return body
	}
	var answer map[string]json.RawMessage
	var parameters map[string]json.RawMessage
	if json.Unmarshal(body, &answer) != nil || json.Unmarshal(answer["ChallengeParameters"], &parameters) != nil {
		return body
	}
	changed := false
	for name, value := range parameters {
		if len(value) > 0 && (value[0] == '[' || value[0] == '{') {
			text, err := json.Marshal(string(value))
			if err != nil {
				return body
			}
			parameters[name], changed = text, true
		}
	}
	if !changed {
		return body
	}
	rewritten, err := json.Marshal(parameters)
	if err != nil {
		return body
	}
	answer["ChallengeParameters"] = rewritten
	if whole, err := json.Marshal(answer); err == nil {
		return whole
	}
	return body
}
