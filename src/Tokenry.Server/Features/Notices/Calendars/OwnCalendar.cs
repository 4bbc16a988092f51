using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Notices.Calendars;

/// <summary>
/// What a person does with their calendar: make its address, also anew, and turn it off. The address works longer than what made it. So one that a credential
/// made has the person's own dates only, and ends when that credential is revoked.
/// </summary>
public sealed class OwnCalendar(Gate gate, IdempotentGate once, FreshAuthentication fresh, TokenryOptions options, TimeProvider time)
{
    private const string Noun = "calendar";

    private static readonly Calendar None = new() { Exists = false };

    private static readonly Demand Demand = new(ManagementApi.TokensOwn);

    /// <summary>Says whether there is one.</summary>
    public Task<Calendar> ShowAsync(Caller caller) =>
        gate.ReadOneAsync(
            caller,
            Demand,
            $"{Noun}.read",
            async read => (await CalendarStore.OfUserAsync(read.Connection, read.Caller.Principal.Id))?.ToCalendar() ?? None
        );

    /// <summary>Makes the address; the one before ends.</summary>
    /// <exception cref="ProblemException">403: a fresh proof is missing; 404: the caller is no user.</exception>
    public Task<Calendar> MakeAsync(Caller caller) =>
        once.WriteAsync(
            caller,
            Demand,
            $"{Noun}.created",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                fresh.Require(now);
                if (now.Principal.Type != PrincipalType.User)
                {
                    throw ProblemException.NotFound();
                }

                var secret = new Secret(LinkCode.New());
                var row = new CalendarRow
                {
                    UserId = now.Principal.Id,
                    CreatedAt = time.GetUtcNow().ToUnixTimeMilliseconds(),
                    CreatedWith = now.Credential.Stored?.Id,
                    CoversOrganizations = SessionCaller.SessionOf(now) is null ? 0 : 1,
                };
                var before = await CalendarStore.OfUserAsync(tx, row.UserId);
                await CalendarStore.ReplaceAsync(tx, row, secret);
                entry.OrganizationId = null; // the person's own, wherever they act
                entry.TargetType = Noun;
                entry.TargetId = row.UserId;
                entry.Changes = AuditChanges.Between(before?.ToCalendar() ?? None, row.ToCalendar());
                return row.ToCalendar(new Secret($"{options.Issuer}{CalendarFeed.PathOf(secret)}"));
            }
        );

    /// <summary>Turns it off: the address is not found any more.</summary>
    public Task<bool> EndAsync(Caller caller) =>
        gate.WriteAsync(
            caller,
            Demand,
            $"{Noun}.ended",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                entry.OrganizationId = null;
                entry.TargetType = Noun;
                entry.TargetId = now.Principal.Id;
                var before = await CalendarStore.OfUserAsync(tx, now.Principal.Id);
                entry.Changes = AuditChanges.Between(before?.ToCalendar() ?? None, None);
                entry.ChangedNothing = !await CalendarStore.EndAsync(tx, now.Principal.Id);
                return !entry.ChangedNothing;
            }
        );
}
