package cognito

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/helpdesk"
)

// Directory is [helpdesk.Directory]: the pool as its administrators see it. All that it calls is signed with IAM
// credentials.
//
//	directory.go          what it is asked            directory_changes.go  what it does
//	directory_errors.go   what each exception means to the help desk
type Directory struct {
	client *Client
	poolID *string
}

var _ helpdesk.Directory = (*Directory)(nil)

// NewDirectory makes a Directory. Unlike a [Client] it needs the credentials in opts.AWS.
func NewDirectory(opts Options) *Directory {
	return &Directory{client: New(opts), poolID: aws.String(opts.UserPoolID)}
}

// perPage is the most that Cognito lists at a time, and maxPages how many pages of one account's things are read.
const perPage, maxPages = 60, 20

// Account is AdminGetUser. A federated account is not found by its sub there, so ListUsers is asked for that.
func (d *Directory) Account(ctx context.Context, name string) (helpdesk.Account, error) {
	account, err := d.getUser(ctx, name)
	if helpdesk.KindOf(err) != helpdesk.NoSuchAccount || !isSub(name) {
		return account, err
	}
	found, listErr := d.Find(ctx, helpdesk.BySub, name, 1)
	if listErr != nil || len(found) == 0 {
		return helpdesk.Account{}, err
	}
	return d.getUser(ctx, found[0].Username)
}

// isSub reports whether text looks like a UUID.
func isSub(text string) bool { return len(text) == 36 && strings.Count(text, "-") == 4 }

func (d *Directory) getUser(ctx context.Context, name string) (helpdesk.Account, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	out, err := d.client.api.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: d.poolID, Username: aws.String(name)})
	if err != nil {
		return helpdesk.Account{}, directoryError("AdminGetUser", err)
	}
	d.client.observe(out.ResultMetadata)
	account := describe(out.UserAttributes)
	account.Username, account.Status, account.Enabled = aws.ToString(out.Username), helpdesk.Status(out.UserStatus), out.Enabled
	account.Created, account.Modified = aws.ToTime(out.UserCreateDate), aws.ToTime(out.UserLastModifiedDate)
	account.MethodsKnown = true
	for _, listed := range out.UserMFASettingList {
		if method, ok := methodOf(listed); ok {
			account.Methods = append(account.Methods, method)
		}
	}
	return account, nil
}

// describe reads an account's attributes.
func describe(attributes []types.AttributeType) helpdesk.Account {
	values := make(map[string]string, len(attributes))
	for _, a := range attributes {
		values[aws.ToString(a.Name)] = aws.ToString(a.Value)
	}
	name := values["name"]
	if name == "" {
		name = strings.TrimSpace(values["given_name"] + " " + values["family_name"])
	}
	return helpdesk.Account{
		Sub: values["sub"], Name: name, Locale: values["locale"],
		Email: values["email"], EmailVerified: values["email_verified"] == "true",
		Phone: values["phone_number"], PhoneVerified: values["phone_number_verified"] == "true",
	}
}

// describeListed is an account in a list, which has no methods.
func describeListed(user types.UserType) helpdesk.Account {
	account := describe(user.Attributes)
	account.Username, account.Status, account.Enabled = aws.ToString(user.Username), helpdesk.Status(user.UserStatus), user.Enabled
	account.Created, account.Modified = aws.ToTime(user.UserCreateDate), aws.ToTime(user.UserLastModifiedDate)
	return account
}

// Groups is AdminListGroupsForUser.
func (d *Directory) Groups(ctx context.Context, username string) ([]string, error) {
	var (
		groups []string
		token  *string
	)
	for range maxPages {
		out, err := within(ctx, func(ctx context.Context) (*cip.AdminListGroupsForUserOutput, error) {
			return d.client.api.AdminListGroupsForUser(ctx, &cip.AdminListGroupsForUserInput{
				UserPoolId: d.poolID, Username: aws.String(username), Limit: aws.Int32(perPage), NextToken: token,
			})
		})
		if err != nil {
			return nil, directoryError("AdminListGroupsForUser", err)
		}
		for _, g := range out.Groups {
			groups = append(groups, aws.ToString(g.GroupName))
		}
		if token = out.NextToken; aws.ToString(token) == "" {
			return groups, nil
		}
	}
	// A group that was not read could be one that forbids something.
	return nil, &helpdesk.Error{Kind: helpdesk.PoolDown, Op: "AdminListGroupsForUser", Err: fmt.Errorf("more than %d pages of groups", maxPages)}
}

// Find is ListUsers with a filter. A page may be empty although there are more.
func (d *Directory) Find(ctx context.Context, by helpdesk.Field, value string, limit int) ([]helpdesk.Account, error) {
	var (
		found []helpdesk.Account
		token *string
	)
	for range maxPages {
		out, err := within(ctx, func(ctx context.Context) (*cip.ListUsersOutput, error) {
			return d.client.api.ListUsers(ctx, &cip.ListUsersInput{
				UserPoolId: d.poolID, Filter: aws.String(filter(by, value)), Limit: aws.Int32(int32(min(limit, perPage))), PaginationToken: token,
			})
		})
		if err != nil {
			return nil, directoryError("ListUsers", err)
		}
		for _, user := range out.Users {
			found = append(found, describeListed(user))
		}
		if token = out.PaginationToken; aws.ToString(token) == "" || len(found) >= limit {
			break
		}
	}
	return found[:min(len(found), limit)], nil
}

// filter is a comparison in ListUsers' language, in which a quote or backslash of the value must be escaped (API
// reference, ListUsers, Filter).
func filter(by helpdesk.Field, value string) string {
	operator := "="
	if by == helpdesk.ByName {
		operator = "^="
	}
	return string(by) + " " + operator + ` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// Page is ListUsers.
func (d *Directory) Page(ctx context.Context, token string) ([]helpdesk.Account, string, error) {
	out, err := within(ctx, func(ctx context.Context) (*cip.ListUsersOutput, error) {
		return d.client.api.ListUsers(ctx, &cip.ListUsersInput{UserPoolId: d.poolID, Limit: aws.Int32(perPage), PaginationToken: some(token)})
	})
	if err != nil {
		return nil, "", directoryError("ListUsers", err)
	}
	accounts := make([]helpdesk.Account, 0, len(out.Users))
	for _, user := range out.Users {
		accounts = append(accounts, describeListed(user))
	}
	return accounts, aws.ToString(out.PaginationToken), nil
}

// Members is ListUsersInGroup.
func (d *Directory) Members(ctx context.Context, group, token string) ([]string, string, error) {
	out, err := within(ctx, func(ctx context.Context) (*cip.ListUsersInGroupOutput, error) {
		return d.client.api.ListUsersInGroup(ctx, &cip.ListUsersInGroupInput{
			UserPoolId: d.poolID, GroupName: aws.String(group), Limit: aws.Int32(perPage), NextToken: some(token),
		})
	})
	if says(err, "ResourceNotFoundException", "Group") {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", directoryError("ListUsersInGroup", err)
	}
	names := make([]string, 0, len(out.Users))
	for _, user := range out.Users {
		names = append(names, aws.ToString(user.Username))
	}
	return names, aws.ToString(out.NextToken), nil
}

// LastSignIn is AdminListUserAuthEvents, which lists the newest first. Pools without threat protection, and credentials
// that may not ask, do not tell.
func (d *Directory) LastSignIn(ctx context.Context, username string, before time.Time) (at time.Time, known bool, err error) {
	var token *string
	for range maxPages {
		out, err := within(ctx, func(ctx context.Context) (*cip.AdminListUserAuthEventsOutput, error) {
			return d.client.api.AdminListUserAuthEvents(ctx, &cip.AdminListUserAuthEventsInput{
				UserPoolId: d.poolID, Username: aws.String(username), MaxResults: aws.Int32(perPage), NextToken: token,
			})
		})
		if err != nil {
			err = directoryError("AdminListUserAuthEvents", err)
			if kind := helpdesk.KindOf(err); kind == helpdesk.PoolCannot || kind == helpdesk.PoolRefused {
				err = nil
			}
			return time.Time{}, false, err
		}
		for _, e := range out.AuthEvents {
			when := aws.ToTime(e.CreationDate)
			if e.EventType == types.EventTypeSignIn && e.EventResponse == types.EventResponseTypePass && when.Before(before) {
				return when, true, nil
			}
		}
		if token = out.NextToken; aws.ToString(token) == "" {
			return time.Time{}, true, nil
		}
	}
	return time.Time{}, false, nil
}

// Devices is AdminListDevices.
func (d *Directory) Devices(ctx context.Context, username string) ([]string, error) {
	var (
		devices []string
		token   *string
	)
	for range maxPages {
		out, err := within(ctx, func(ctx context.Context) (*cip.AdminListDevicesOutput, error) {
			return d.client.api.AdminListDevices(ctx, &cip.AdminListDevicesInput{
				UserPoolId: d.poolID, Username: aws.String(username), Limit: aws.Int32(perPage), PaginationToken: token,
			})
		})
		if tracksNoDevices(err) {
			return nil, nil
		}
		if err != nil {
			return nil, directoryError("AdminListDevices", err)
		}
		for _, device := range out.Devices {
			devices = append(devices, aws.ToString(device.DeviceKey))
		}
		if token = out.PaginationToken; aws.ToString(token) == "" {
			break
		}
	}
	return devices, nil
}

func tracksNoDevices(err error) bool {
	return says(err, "InvalidParameterException", "Device tracking") || says(err, "InvalidUserPoolConfigurationException", "")
}

// some is text, or nil for none.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// within bounds one call.
func within[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return call(ctx)
}
