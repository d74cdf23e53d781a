package cognito

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

// Answers to these two challenges are still about name and password: their errors mean what InitiateAuth's mean.
const (
	opVerifier = "RespondToAuthChallenge PASSWORD_VERIFIER"
	opSelect   = "RespondToAuthChallenge SELECT_CHALLENGE"
	opRespond  = "RespondToAuthChallenge"
)

// opNewPassword has an effect that outlives a lost answer.
const opNewPassword = "RespondToAuthChallenge NEW_PASSWORD_REQUIRED"

// reply is what InitiateAuth and RespondToAuthChallenge have in common.
type reply struct {
	name       types.ChallengeNameType
	session    *string
	parameters map[string]string
	result     *types.AuthenticationResultType
}

// SetNewPassword answers NEW_PASSWORD_REQUIRED.
func (c *Client) SetNewPassword(ctx context.Context, session enroll.Session, password secret.Text, attributes map[string]string) (enroll.Answer, error) {
	responses := map[string]string{"NEW_PASSWORD": password.Reveal()}
	for name, value := range attributes {
		responses["userAttributes."+name] = value
	}
	return c.respond(ctx, opNewPassword, types.ChallengeNameTypeNewPasswordRequired, session, responses)
}

// ChooseMethod answers SELECT_MFA_TYPE.
func (c *Client) ChooseMethod(ctx context.Context, session enroll.Session, method enroll.Method) (enroll.Answer, error) {
	return c.respond(ctx, opRespond, types.ChallengeNameTypeSelectMfaType, session, map[string]string{"ANSWER": string(challengeOf(method))})
}

// AnswerCode answers SOFTWARE_TOKEN_MFA, SMS_MFA or EMAIL_OTP.
func (c *Client) AnswerCode(ctx context.Context, session enroll.Session, method enroll.Method, code secret.Text) (enroll.Answer, error) {
	challenge := challengeOf(method)
	return c.respond(ctx, opRespond, challenge, session, map[string]string{string(challenge) + "_CODE": code.Reveal()})
}

// FinishSetUp answers MFA_SETUP.
func (c *Client) FinishSetUp(ctx context.Context, session enroll.Session) (enroll.Answer, error) {
	return c.respond(ctx, opRespond, types.ChallengeNameTypeMfaSetup, session, map[string]string{})
}

// challengeOf is a method in Cognito's words.
func challengeOf(method enroll.Method) types.ChallengeNameType {
	switch method {
	case enroll.MethodSMS:
		return types.ChallengeNameTypeSmsMfa
	case enroll.MethodEmail:
		return types.ChallengeNameTypeEmailOtp
	case enroll.MethodApp:
	}
	return types.ChallengeNameTypeSoftwareTokenMfa
}

// methodOf is the other way round.
func methodOf(name string) (enroll.Method, bool) {
	for _, method := range enroll.Methods() {
		if string(challengeOf(method)) == name {
			return method, true
		}
	}
	return 0, false
}

func (c *Client) respond(ctx context.Context, op string, challenge types.ChallengeNameType, session enroll.Session, responses map[string]string) (enroll.Answer, error) {
	got, err := c.send(ctx, op, challenge, session.Text.Reveal(), session.UserID, responses)
	if err != nil {
		return enroll.Answer{}, err
	}
	return c.answer(op, session.UserID, got)
}

// send is RespondToAuthChallenge, sent once.
func (c *Client) send(ctx context.Context, op string, challenge types.ChallengeNameType, session, username string, responses map[string]string) (reply, error) {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	responses["USERNAME"] = username
	in := &cip.RespondToAuthChallengeInput{
		ClientId: aws.String(c.clientID), ChallengeName: challenge, ChallengeResponses: c.withSecretHash(username, responses),
	}
	if session != "" { // PASSWORD_VERIFIER has none
		in.Session = aws.String(session)
	}
	out, err := c.api.RespondToAuthChallenge(ctx, in, once)
	if err != nil {
		return reply{}, translate(op, err)
	}
	c.observe(out.ResultMetadata)
	return reply{out.ChallengeName, out.Session, out.ChallengeParameters, out.AuthenticationResult}, nil
}

// answer reads what the pool says: tokens, or what it wants next.
func (c *Client) answer(op, username string, got reply) (enroll.Answer, error) {
	fail := func(kind enroll.Kind, why string) (enroll.Answer, error) {
		return enroll.Answer{}, &enroll.Error{Kind: kind, Op: op, Err: errors.New(why)}
	}
	if got.result != nil && aws.ToString(got.result.AccessToken) != "" {
		answer, err := readAnswer(op, c.poolID, secret.New(*got.result.AccessToken))
		answer.Refresh = secret.New(aws.ToString(got.result.RefreshToken))
		return answer, err
	}
	answer := enroll.Answer{
		Session:     enroll.Session{Text: secret.New(aws.ToString(got.session)), UserID: username},
		DeviceName:  enroll.CleanDeviceName(got.parameters["FRIENDLY_DEVICE_NAME"]),
		Destination: enroll.CleanDeviceName(got.parameters["CODE_DELIVERY_DESTINATION"]),
		Until:       c.Now().Add(c.validity),
	}
	if got.name != "" && answer.Session.Text.IsZero() {
		return fail(enroll.PoolDown, "challenge without a session")
	}
	// The immutable user name: every later answer and its secret hash must carry it, not the alias that was typed.
	if id := got.parameters["USER_ID_FOR_SRP"]; id != "" {
		answer.Session.UserID = id
	}
	switch got.name { //nolint:exhaustive // the others are one case: not ours
	case types.ChallengeNameTypeNewPasswordRequired:
		answer.Challenge, answer.Attributes = enroll.ChallengeNewPassword, requiredAttributes(got.parameters["requiredAttributes"])
	case types.ChallengeNameTypeSoftwareTokenMfa, types.ChallengeNameTypeSmsMfa, types.ChallengeNameTypeEmailOtp:
		answer.Challenge = enroll.ChallengeCode
		answer.Method, _ = methodOf(string(got.name))
	case types.ChallengeNameTypeSelectMfaType:
		answer.Challenge = enroll.ChallengeChoose
		for _, name := range listIn(got.parameters["MFAS_CAN_CHOOSE"], got.parameters["MFAS_CAN_SELECT"]) {
			if method, ok := methodOf(name); ok && !slices.Contains(answer.Methods, method) {
				answer.Methods = append(answer.Methods, method)
			}
		}
		if len(answer.Methods) == 0 {
			return fail(enroll.OtherMethod, "SELECT_MFA_TYPE without a method that this portal answers")
		}
	case types.ChallengeNameTypeMfaSetup:
		can := listIn(got.parameters["MFAS_CAN_SETUP"])
		switch {
		case len(can) == 0 || slices.Contains(can, string(types.ChallengeNameTypeSoftwareTokenMfa)):
			answer.Challenge = enroll.ChallengeSetUp
		case slices.Contains(can, string(types.ChallengeNameTypeEmailOtp)):
			return fail(enroll.OnlyEmail, "MFAS_CAN_SETUP has EMAIL_OTP and no SOFTWARE_TOKEN_MFA")
		default:
			return fail(enroll.AppsOff, "MFAS_CAN_SETUP has no SOFTWARE_TOKEN_MFA")
		}
	case "":
		return fail(enroll.PoolDown, "answer has neither tokens nor a challenge")
	default:
		return fail(enroll.OtherMethod, "challenge that this portal does not answer: "+challengeForLog(got.name))
	}
	return answer, nil
}

// readAnswer reads an access token.
func readAnswer(op, poolID string, token secret.Text) (enroll.Answer, error) {
	read, err := readClaims(token)
	if err != nil {
		return enroll.Answer{}, &enroll.Error{Kind: enroll.PoolDown, Op: op, Err: err}
	}
	if !slices.Contains(strings.Fields(read.Scope), adminScope) {
		return enroll.Answer{}, &enroll.Error{Kind: enroll.Misconfigured, Op: op, Err: errors.New("the access token lacks the scope " + adminScope)}
	}
	answer := enroll.Answer{AccessToken: token, Username: read.Username, Federated: read.federated(poolID), Until: time.Unix(read.Expires, 0)}
	answer.SignedInAt = time.Unix(read.AuthTime, 0)
	return answer, nil
}

// requiredAttributes reads ["userAttributes.name", …].
func requiredAttributes(text string) []string {
	names := listIn(text)
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, "userAttributes.")
	}
	return names
}

// listIn reads the first of several parameters that is a list of texts, written as JSON.
func listIn(parameters ...string) []string {
	for _, text := range parameters {
		var list []string
		if json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 {
			return list
		}
	}
	return nil
}
