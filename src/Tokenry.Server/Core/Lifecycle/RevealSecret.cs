using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Shows the secret of a recoverable API key again, to a caller that could rotate the key and so replace the secret. From then on the caller
/// counts as a holder of the key.
/// </summary>
public sealed class RevealSecret(
    Gate gate,
    RecoverableSecrets secrets,
    RevealThrottle throttle,
    FreshAuthentication fresh,
    TimeProvider time
)
{
    /// <exception cref="ProblemException">
    /// 403: the caller could not rotate the key, or must confirm who it is; 409: the key does not work, or the server has no copy; 422: a policy forbids it;
    /// 429: too many.
    /// </exception>
    public Task<Credential> RunAsync(Caller caller, CredentialAddress address)
    {
        if (throttle.Count(caller.Principal.Id) is { Ticks: > 0 } wait)
        {
            throw TooMany(wait);
        }

        return gate.WriteAsync(
            caller,
            address.Family.Write,
            $"{address.Family.Noun}.revealed",
            async operation =>
            {
                var (tx, entry, caller, reach, catalog) = operation;
                fresh.Require(caller);
                var row = await address.FindAsync(tx, reach);
                entry.TargetType = row.Kind;
                entry.TargetId = row.Id;
                entry.OrganizationId = row.OrganizationId;
                if (caller.CredentialId == row.Id)
                {
                    throw Problems.ExceedsOwn(
                        "A key does not reveal itself: during an overlap, the holder of the older secret would get the newer one."
                    );
                }

                if (!reach.IsAll && row.OwnerId != caller.Principal.Id)
                {
                    tx.StandsOn(new Premise(caller.JudgedAt.Position, [row.OwnerId])); // as for a rotation, which makes a holder too
                }

                MintingRule.CheckExisting(catalog, caller, reach, await IssueCredential.MintedAsync(tx, row));
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                if (row.StateAt(now) is not ("active" or "scheduled"))
                {
                    throw CredentialProblems.NotActive(row);
                }

                await RequireAllowedAsync(operation, row);
                var version = await CredentialStore.NewestVersionAsync(tx, row.Id);
                var secret = row.IsRecoverable == true ? await secrets.OpenAsync(tx, row.Id, version) : null;
                if (secret is null)
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.NotRecoverable,
                        "The server keeps a hash of this secret, and no copy that it could show. Rotate the credential to get a new secret."
                    );
                }

                await RecoverableSecretStore.NoteRevealAsync(tx, caller.Principal.Id, row.Id);
                return row.ToCredential(
                    catalog,
                    now,
                    secret,
                    row.SigningPepperVersion is { } pepper ? secrets.SigningKey(row.Id, version, pepper) : null
                );
            }
        );
    }

    private static async Task RequireAllowedAsync(OperationContext operation, CredentialRow row)
    {
        var policies = await PolicyCheck.ReadAsync(
            operation,
            [.. row.Organizations],
            row.OwnerType == Principals.PrincipalType.Application ? row.OwnerId : null
        );
        if (policies.ForbidsRecoverable is { } owner)
        {
            throw PolicyRule.Refusal(new() { Rule = PolicyRule.Recoverable, Owner = owner }, row.Kind);
        }
    }

    private static ProblemException TooMany(TimeSpan wait) =>
        new(429, ProblemCode.TooManyRequests, $"You revealed many secrets. Wait {Math.Ceiling(wait.TotalSeconds)} s, then try again.")
        {
            RetryAfter = wait,
        };
}
