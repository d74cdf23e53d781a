package helpdesk

import (
	"cmp"
	"context"
	"strings"
	"time"
)

// Channel is the way in which an agent came.
type Channel uint8

// The channels.
const (
	NoChannel Channel = iota
	Page              // /desk, signed in through the pool
	API               // a bearer key
	CLI               // the command line on the portal's machine
)

// String is the channel's name in records.
func (c Channel) String() string {
	switch c {
	case NoChannel:
	case Page:
		return "page"
	case API:
		return "api"
	case CLI:
		return "cli"
	}
	return "none"
}

// Rank says how much somebody may do. An agent acts on accounts of lower rank than his own.
type Rank uint8

// The ranks.
const (
	NoRank   Rank = iota // everybody
	Agents               // answer the phone
	Leads                // and see the audit trail, and approve
	Admins               // and everything else that a person may do
	Operator             // who has a shell on the portal's machine: the command line alone
)

// String is the rank's name in the configuration.
func (r Rank) String() string {
	switch r {
	case NoRank:
	case Agents:
		return "agent"
	case Leads:
		return "lead"
	case Admins:
		return "admin"
	case Operator:
		return "operator"
	}
	return "none"
}

// ParseRank reads "agent", "lead" or "admin". Operator cannot be given away.
func ParseRank(text string) (Rank, bool) {
	for _, r := range []Rank{Agents, Leads, Admins} {
		if r.String() == text {
			return r, true
		}
	}
	return NoRank, false
}

// Agent is who asks for something, as far as the channel has made sure. The zero Agent may do nothing.
type Agent struct {
	Channel Channel
	ID      string // page: the sub of his account; API: the key's name; CLI: the machine's user
	Name    string // as shown; not trusted
	Rank    Rank
	MFA     bool // page: signed in with a second factor
	// Session names his sign-in without being worth anything to who reads it. A second person has another one.
	Session string
	// SteppedUpAt is when he last gave his second factor.
	SteppedUpAt time.Time
	// Links is how many links and resets he may make in an hour. Zero: as many as a person.
	Links int
}

// KeyRights are what an API key may do.
type KeyRights struct {
	Rank Rank
	// Links is how many links the key may make in an hour. Zero: three times a person's, because several people work with one
	// ticket system.
	Links int
}

// String is the agent in records: "page:<sub>", "api:<key>", "cli:<user>".
func (a Agent) String() string { return a.Channel.String() + ":" + a.ID }

// SignedIn is what the page knows of an agent's sign-in.
type SignedIn struct {
	Username    string // the account's own name, or its sub
	Session     string // see Agent
	MFA         bool
	SteppedUpAt time.Time
}

// PageAgent asks the pool for the groups of somebody who has signed in, and answers what he is: NotAllowed when no
// group of his has a rank, or his account is switched off. Ask for every request: groups change.
func (d *Desk) PageAgent(ctx context.Context, in SignedIn) (Agent, error) {
	account, err := d.pool.Account(ctx, in.Username)
	if err != nil {
		return Agent{}, err
	}
	agent := Agent{
		Channel: Page, ID: account.Sub, Name: account.Username, MFA: in.MFA, Session: in.Session, SteppedUpAt: in.SteppedUpAt,
	}
	agent.Rank, err = d.rankOf(ctx, account)
	if err == nil && agent.Rank == NoRank {
		err = notAllowed("agent", "rank")
	}
	if err != nil {
		return Agent{}, err
	}
	return agent, nil
}

// rankOf asks for the rank of an account as an agent: none when it is switched off.
func (d *Desk) rankOf(ctx context.Context, account Account) (Rank, error) {
	if !account.Enabled {
		return NoRank, nil
	}
	groups, err := d.pool.Groups(ctx, account.Username)
	return d.rules.rank(groups), err
}

// KeyAgent is the holder of an API key that the caller has checked: NotAllowed when Options.APIKey does not know it.
func (d *Desk) KeyAgent(name string) (Agent, error) {
	rights, ok := d.apiKey(name)
	if !ok || rights.Rank == NoRank || rights.Rank >= Operator {
		return Agent{}, notAllowed("agent", "rank")
	}
	return Agent{Channel: API, ID: name, Name: name, Rank: rights.Rank, Links: cmp.Or(rights.Links, linksPerKey)}, nil
}

// CLIAgent is the user of the portal's machine.
func CLIAgent(user string) Agent { return Agent{Channel: CLI, ID: user, Name: user, Rank: Operator} }

// stands answers the agent that a record names (Agent.String), as he is today. MFA is taken for granted: he had it then.
func (d *Desk) stands(ctx context.Context, recorded string) (Agent, error) {
	channel, id, _ := strings.Cut(recorded, ":")
	switch channel {
	case Page.String():
		agent, err := d.PageAgent(ctx, SignedIn{Username: id, MFA: true})
		if err == nil && agent.ID != id { // somebody whose user name is this sub
			return Agent{}, notAllowed("agent", "rank")
		}
		return agent, err
	case API.String():
		return d.KeyAgent(id)
	case CLI.String():
		return CLIAgent(id), nil
	}
	return Agent{}, notAllowed("agent", "default")
}
