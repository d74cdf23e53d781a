package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// The clock differences that matter. The Date header has whole seconds and an answer takes its time, so that less than
// skewNoticed says nothing; from skewHarmful on one node's cookies are refused by another.
const (
	skewNoticed = 5 * time.Second
	skewHarmful = time.Minute
)

// checkSignIn begins a sign-in with a user name that nobody has: the refusal tells much of the app client. It reports
// whether somebody is there to be asked more.
func (e *examination) checkSignIn(ctx context.Context) bool {
	reply, flow := e.signIn(ctx)
	e.started = reply
	if what, mend := unreachable(reply); what != "" {
		e.found(Fault, "reach", what, mend, "")
		e.rest("it cannot be reached")
		return false
	}
	e.ok("reach", "Cognito, or what stands in its place, answers.")
	e.checkClock(reply)
	e.learn(reply)
	e.concludeFlow(flow)
	switch reply.Kind { //nolint:exhaustive // the others say nothing bad, or are reported where they belong
	case NoClient:
		e.found(Fault, "client", fmt.Sprintf("There is no app client %s in region %s.", e.ClientID, e.Region),
			"Copy the app client's id from the pool's page in the console to COGNITO_CLIENT_ID.",
			"aws cognito-idp list-user-pool-clients --region "+quote(e.Region)+" --user-pool-id "+quote(e.UserPoolID))
	case HashMissing, HashWrong, HashSurplus:
		e.wrongSecret(reply.Kind)
	case TriggerFailed:
		e.found(Fault, "trigger", "A Lambda trigger of the pool fails during sign-in ("+reply.Seen+"), at least for a user name that does not exist.",
			"Read the logs of the pool's pre-authentication and user-migration functions in CloudWatch.", "")
	case Throttled:
		e.found(Advice, "throttle", "The pool answers that there are too many requests ("+reply.Seen+").",
			"Look at the CallCount and ThrottleCount metrics of the region in CloudWatch; ask AWS for more UserAuthentication requests per second.", "")
	case Other, UnknownOperation, Unsupported, NoPool, Denied, BadCredentials:
		e.found(Fault, "sign-in", "The pool refuses a sign-in in a way that the doctor does not know: "+reply.Seen+".",
			"Look that name up in the API reference of InitiateAuth.", "")
	}
	return true
}

func (e *examination) wrongSecret(how Kind) {
	switch how { //nolint:exhaustive // these are the three ways
	case HashMissing:
		e.found(Fault, "secret", "The app client has a secret, the portal has none: nobody can sign in.",
			"Set COGNITO_CLIENT_SECRET, or the file named by COGNITO_CLIENT_SECRET_FILE, to the secret that the console shows.", "")
	case HashWrong:
		e.found(Fault, "secret", "COGNITO_CLIENT_SECRET is not this app client's secret: nobody can sign in.",
			"Copy the secret from the app client's page in the console. Mind line ends, and the secret of another stage.", "")
	case HashSurplus:
		e.found(Fault, "secret", "COGNITO_CLIENT_SECRET is set, and the app client has no secret: nobody can sign in.",
			"Unset COGNITO_CLIENT_SECRET and COGNITO_CLIENT_SECRET_FILE.", "")
	}
}

// signIn tries the flows until one is allowed, and answers which.
func (e *examination) signIn(ctx context.Context) (reply Reply, allowed string) {
	for _, flow := range e.Flows {
		reply = e.Pool.SignIn(ctx, flow)
		if reply.Kind != FlowOff {
			return reply, flow
		}
	}
	return reply, ""
}

// learn takes from a refusal what it says of the app client.
func (e *examination) learn(reply Reply) {
	switch reply.Kind { //nolint:exhaustive // the others tell nothing
	case NoClient:
		e.client = bad
	case FlowOff:
		e.client, e.flow = good, bad
	case HashMissing, HashWrong, HashSurplus:
		e.client, e.secret = good, bad
	case TriggerFailed, TriggerRefused:
		e.client, e.flow, e.secret = good, good, good
	case UnknownUser:
		e.client, e.flow, e.secret, e.existence = good, good, good, bad
	case WrongPassword, Answered:
		e.client, e.flow, e.secret, e.existence = good, good, good, good
	}
}

func (e *examination) concludeFlow(allowed string) {
	first := e.Flows[0]
	switch {
	case e.flow == bad:
		e.flowOff()
	case e.flow == good && allowed != first:
		e.found(Advice, "flow", fmt.Sprintf("The app client does not allow %s; the portal uses %s instead.", first, allowed),
			"Allow ALLOW_"+first+" in the app client.", e.flowCommand(first))
	case e.flow == good:
		e.ok("flow", "The app client allows %s.", allowed)
	}
}

func (e *examination) flowOff() {
	e.found(Fault, "flow", fmt.Sprintf("The app client does not allow %s: nobody can sign in.", strings.Join(e.Flows, " or ")),
		"Allow ALLOW_"+e.Flows[0]+" in the app client.", e.flowCommand(e.Flows[0]))
}

func (e *examination) flowCommand(flow string) string {
	return e.clientCommand(`.ExplicitAuthFlows = (.ExplicitAuthFlows // ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"]) + ["ALLOW_` + flow + `"]`)
}

// unreachable says why nobody was reached; what is "" when somebody was.
func unreachable(reply Reply) (what, mend string) {
	switch reply.Kind { //nolint:exhaustive // the others come from somebody
	case NoSuchHost:
		return "No such host: " + reply.Seen + ".", "Check AWS_REGION and AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER for a slip, and this machine's name server."
	case NoConnection:
		return "No connection to " + reply.Seen + ".", "Let this machine out to port 443 of that host: firewall, security group, route, HTTPS_PROXY, or a VPC endpoint for cognito-idp."
	case BadCertificate:
		return "The certificate of " + reply.Seen + " is not trusted: something stands between, or the clock of this machine is far off.",
			"If a proxy opens TLS here, install its authority in this machine's trust store; otherwise check the clock and the list of authorities (ca-certificates)."
	case NoAnswer:
		return "No answer in time, or the connection broke: " + reply.Seen + ".", "Look for a proxy or firewall that drops packets between this machine and Cognito, and at the AWS Health Dashboard; then try again."
	case NotCognito:
		return "Something that is not Cognito answers: " + reply.Seen + ".", "Check AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER and HTTPS_PROXY."
	case Broken:
		return "Cognito has a fault of its own: " + reply.Seen + ".", "Look at the AWS Health Dashboard and try again."
	}
	return "", ""
}

func (e *examination) checkClock(reply Reply) {
	ahead, direction := reply.Ahead, "behind"
	if ahead < 0 {
		direction = "ahead"
	}
	difference := ahead.Abs().Round(time.Second)
	const mend = "Synchronize the clock of this machine (chrony, systemd-timesyncd, or the host's clock of a virtual machine)."
	switch {
	case !reply.Dated:
		e.unseen("clock", "Not checked: the answer does not tell the time.", "Compare this machine's clock with a time server.")
	case difference >= skewHarmful:
		e.found(Fault, "clock", fmt.Sprintf("This machine's clock is %v %s Cognito's: codes look wrong until the first answer has corrected it, and other nodes refuse its cookies.", difference, direction), mend, "")
	case difference >= skewNoticed:
		e.found(Advice, "clock", fmt.Sprintf("This machine's clock is %v %s Cognito's. The portal allows for it; logs and other nodes do not.", difference, direction), mend, "")
	default:
		e.ok("clock", "This machine's clock agrees with Cognito's.")
	}
}

// checkFirewall asks each operation of an enrollment who answers it: rules of AWS WAF can name single operations.
func (e *examination) checkFirewall(ctx context.Context) {
	var blocked, unclear []string
	seen := ""
	if e.started.Kind == Blocked {
		blocked, seen = []string{"InitiateAuth"}, e.started.Seen
	}
	for _, operation := range []string{"RespondToAuthChallenge", "AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference", "RevokeToken"} {
		reply := e.Pool.Touch(ctx, operation)
		switch reply.Kind { //nolint:exhaustive // the token is refused, as it should be
		case Blocked:
			blocked, seen = append(blocked, operation), reply.Seen
		case NoSuchHost, NoConnection, BadCertificate, NoAnswer, NotCognito, Broken, Throttled:
			unclear = append(unclear, operation+" ("+reply.Seen+")")
		case Unsupported:
			if operation == "RevokeToken" {
				e.revokes = bad
			}
		case UnknownOperation:
			if !e.has("operation") {
				e.found(Fault, "operation", "The service does not know "+operation+", without which no app can be set up.",
					"What AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER names is not complete enough: use Cognito, or the embedded pool.", "")
			}
		}
	}
	switch {
	case len(blocked) > 0:
	case len(unclear) > 0:
		e.unseen("firewall", "No clear answer from "+strings.Join(unclear, ", ")+".", "Run the doctor again. If it stays, look at what is between this machine and Cognito.")
		return
	default:
		e.ok("firewall", "No firewall answers in Cognito's place.")
		return
	}
	e.found(Fault, "firewall", "A firewall (AWS WAF) answers "+strings.Join(blocked, ", ")+" in Cognito's place ("+seen+").",
		"In the web ACL of the pool let the addresses of the portal pass before rate and bot rules, and exclude these operations from the CAPTCHA action by the header x-amzn-cognito-operation-name. The portal sends everybody's requests from one address.", "")
}
