package cognito

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

// AuthFlow is how a password is proved to the pool. The app client must allow it.
type AuthFlow string

// The flows.
const (
	FlowAuto     AuthFlow = "auto"     // SRP, and the password itself once the app client refuses SRP
	FlowSRP      AuthFlow = "srp"      // USER_SRP_AUTH: the password never leaves the portal
	FlowPassword AuthFlow = "password" // USER_PASSWORD_AUTH
	FlowChoice   AuthFlow = "choice"   // USER_AUTH
)

// SignIn proves the password by the configured flow: one call, or two with SRP.
func (c *Client) SignIn(ctx context.Context, username string, password secret.Text) (enroll.Answer, error) {
	switch c.flow {
	case FlowSRP:
		return c.signInSRP(ctx, types.AuthFlowTypeUserSrpAuth, username, password)
	case FlowChoice:
		return c.signInSRP(ctx, types.AuthFlowTypeUserAuth, username, password)
	case FlowPassword:
		return c.signInPassword(ctx, username, password)
	case FlowAuto:
	}
	if c.passwordOnly.Load() {
		return c.signInPassword(ctx, username, password)
	}
	answer, err := c.signInSRP(ctx, types.AuthFlowTypeUserSrpAuth, username, password)
	if !errors.Is(err, errFlowOff) {
		return answer, err
	}
	answer, err = c.signInPassword(ctx, username, password)
	if !errors.Is(err, errFlowOff) { // allowed: do not ask for SRP again
		c.passwordOnly.Store(true)
	}
	return answer, err
}

// initiate is InitiateAuth.
func (c *Client) initiate(ctx context.Context, flow types.AuthFlowType, username string, parameters map[string]string) (*cip.InitiateAuthOutput, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	parameters["USERNAME"] = username
	out, err := c.api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		AuthFlow: flow, ClientId: aws.String(c.clientID), AuthParameters: c.withSecretHash(username, parameters),
	})
	if err != nil {
		return nil, translate("InitiateAuth", err)
	}
	c.observe(out.ResultMetadata)
	return out, nil
}

func (c *Client) signInPassword(ctx context.Context, username string, password secret.Text) (enroll.Answer, error) {
	out, err := c.initiate(ctx, types.AuthFlowTypeUserPasswordAuth, username, map[string]string{"PASSWORD": password.Reveal()})
	if err != nil {
		return enroll.Answer{}, err
	}
	return c.answer("InitiateAuth", username, reply{out.ChallengeName, out.Session, out.ChallengeParameters, out.AuthenticationResult})
}

// signInSRP proves the password without sending it: USER_SRP_AUTH, or USER_AUTH with a preference for it.
func (c *Client) signInSRP(ctx context.Context, flow types.AuthFlowType, username string, password secret.Text) (enroll.Answer, error) {
	exchange := newSRP()
	parameters := map[string]string{"SRP_A": exchange.public()}
	if flow == types.AuthFlowTypeUserAuth {
		parameters["PREFERRED_CHALLENGE"] = string(types.ChallengeNameTypePasswordSrp)
	}
	out, err := c.initiate(ctx, flow, username, parameters)
	if err != nil {
		return enroll.Answer{}, err
	}
	got := reply{out.ChallengeName, out.Session, out.ChallengeParameters, out.AuthenticationResult}
	if got.name == types.ChallengeNameTypeSelectChallenge {
		if got, err = c.selectPassword(ctx, username, got, out.AvailableChallenges, exchange, password); err != nil {
			return enroll.Answer{}, err
		}
	}
	if got.name != types.ChallengeNameTypePasswordVerifier {
		return c.answer("InitiateAuth", username, got)
	}
	return c.verifyPassword(ctx, got, exchange, password)
}

// selectPassword answers SELECT_CHALLENGE with a password, by SRP where that is offered.
func (c *Client) selectPassword(ctx context.Context, username string, got reply, offered []types.ChallengeNameType, exchange *srpExchange,
	password secret.Text,
) (reply, error) {
	responses := map[string]string{"USERNAME": username}
	switch {
	case slices.Contains(offered, types.ChallengeNameTypePasswordSrp):
		responses["ANSWER"], responses["SRP_A"] = string(types.ChallengeNameTypePasswordSrp), exchange.public()
	case slices.Contains(offered, types.ChallengeNameTypePassword):
		responses["ANSWER"], responses["PASSWORD"] = string(types.ChallengeNameTypePassword), password.Reveal()
	default:
		return reply{}, &enroll.Error{Kind: enroll.OtherMethod, Op: "InitiateAuth", Err: errors.New("SELECT_CHALLENGE without a password")}
	}
	return c.send(ctx, opSelect, got.name, aws.ToString(got.session), username, responses)
}

// verifyPassword answers PASSWORD_VERIFIER.
func (c *Client) verifyPassword(ctx context.Context, got reply, exchange *srpExchange, password secret.Text) (enroll.Answer, error) {
	server := srpServer{
		salt: got.parameters["SALT"], bigB: got.parameters["SRP_B"], secretBlock: got.parameters["SECRET_BLOCK"],
		userID: got.parameters["USER_ID_FOR_SRP"],
	}
	timestamp := srpNow(c.Now())
	signature, err := exchange.sign(server, poolName(c.poolID), password, timestamp)
	if err != nil {
		return enroll.Answer{}, &enroll.Error{Kind: enroll.PoolDown, Op: opVerifier, Err: err}
	}
	got, err = c.send(ctx, opVerifier, got.name, aws.ToString(got.session), server.userID, map[string]string{
		"PASSWORD_CLAIM_SIGNATURE":    signature,
		"PASSWORD_CLAIM_SECRET_BLOCK": server.secretBlock,
		"TIMESTAMP":                   timestamp,
	})
	if err != nil {
		return enroll.Answer{}, err
	}
	return c.answer(opVerifier, server.userID, got)
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
