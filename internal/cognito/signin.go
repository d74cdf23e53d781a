package cognito

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

// SignIn is InitiateAuth with USER_PASSWORD_AUTH.
func (c *Client) SignIn(ctx context.Context, username string, password secret.Text) (enroll.Answer, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	out, err := c.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		ClientId: aws.String(c.clientID),
		AuthParameters: c.withSecretHash(username, map[string]string{
			"USERNAME": username,
			"PASSWORD": password.Reveal(),
		}),
	})
	if err != nil {
		return enroll.Answer{}, translate("InitiateAuth", err)
	}
	c.observe(out.ResultMetadata)
	return c.answer("InitiateAuth", username, out.ChallengeName, out.Session, out.ChallengeParameters, out.AuthenticationResult)
}

// SetNewPassword answers NEW_PASSWORD_REQUIRED.
func (c *Client) SetNewPassword(ctx context.Context, session enroll.Session, password secret.Text) (enroll.Answer, error) {
	return c.respond(ctx, types.ChallengeNameTypeNewPasswordRequired, session, "NEW_PASSWORD", password)
}

// AnswerCode answers SOFTWARE_TOKEN_MFA.
func (c *Client) AnswerCode(ctx context.Context, session enroll.Session, code secret.Text) (enroll.Answer, error) {
	return c.respond(ctx, types.ChallengeNameTypeSoftwareTokenMfa, session, "SOFTWARE_TOKEN_MFA_CODE", code)
}

// FinishSetUp answers MFA_SETUP.
func (c *Client) FinishSetUp(ctx context.Context, session enroll.Session) (enroll.Answer, error) {
	return c.respond(ctx, types.ChallengeNameTypeMfaSetup, session, "", secret.Text{})
}

func (c *Client) respond(ctx context.Context, challenge types.ChallengeNameType, session enroll.Session, parameter string, value secret.Text) (enroll.Answer, error) {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	responses := c.withSecretHash(session.UserID, map[string]string{"USERNAME": session.UserID})
	if parameter != "" {
		responses[parameter] = value.Reveal()
	}
	out, err := c.api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
		ClientId:           aws.String(c.clientID),
		ChallengeName:      challenge,
		Session:            aws.String(session.Text.Reveal()),
		ChallengeResponses: responses,
	}, once)
	if err != nil {
		return enroll.Answer{}, translate("RespondToAuthChallenge", err)
	}
	c.observe(out.ResultMetadata)
	return c.answer("RespondToAuthChallenge", session.UserID, out.ChallengeName, out.Session, out.ChallengeParameters, out.AuthenticationResult)
}

// answer reads what InitiateAuth and RespondToAuthChallenge have in common.
func (c *Client) answer(op, username string, name types.ChallengeNameType, session *string, parameters map[string]string,
	result *types.AuthenticationResultType,
) (enroll.Answer, error) {
	if result != nil && aws.ToString(result.AccessToken) != "" {
		return enroll.Answer{
			AccessToken: secret.New(*result.AccessToken),
			Until:       c.Now().Add(time.Duration(result.ExpiresIn) * time.Second),
		}, nil
	}
	answer := enroll.Answer{
		Session:    enroll.Session{Text: secret.New(aws.ToString(session)), UserID: username},
		DeviceName: enroll.CleanDeviceName(parameters["FRIENDLY_DEVICE_NAME"]),
		Until:      c.Now().Add(c.validity),
	}
	// The immutable user name: every later answer and its secret hash must carry it, not the alias that was typed.
	if id := parameters["USER_ID_FOR_SRP"]; id != "" {
		answer.Session.UserID = id
	}
	switch name { //nolint:exhaustive // the others are one case: not ours
	case types.ChallengeNameTypeNewPasswordRequired:
		answer.Challenge = enroll.ChallengeNewPassword
	case types.ChallengeNameTypeSoftwareTokenMfa:
		answer.Challenge = enroll.ChallengeCode
	case types.ChallengeNameTypeMfaSetup:
		if can := parameters["MFAS_CAN_SETUP"]; can != "" && !strings.Contains(can, `"SOFTWARE_TOKEN_MFA"`) {
			return enroll.Answer{}, &enroll.Error{Kind: enroll.AppsOff, Op: op, Err: errors.New("MFAS_CAN_SETUP has no SOFTWARE_TOKEN_MFA")}
		}
		answer.Challenge = enroll.ChallengeSetUp
	case "":
		return enroll.Answer{}, &enroll.Error{Kind: enroll.PoolDown, Op: op, Err: errors.New("answer has neither tokens nor a challenge")}
	default:
		return enroll.Answer{}, &enroll.Error{Kind: enroll.OtherMethod, Op: op, Err: errors.New("challenge that this portal does not answer: " + challengeForLog(name))}
	}
	return answer, nil
}

// challengeForLog keeps a name from outside to what a challenge's name looks like.
func challengeForLog(name types.ChallengeNameType) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, string(name[:min(len(name), 64)]))
}
