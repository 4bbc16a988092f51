using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Doors;

/// <summary>
/// Judges a caller again. Between authentication and the operation the server waits for the body. A credential that was revoked, disabled, demoted or expired
/// meanwhile must not act. The proof is not repeated: facts change, a verified signature does not.
/// </summary>
public sealed class CallerJudge(
    Reauthentication reauthentication,
    CatalogCache catalogs,
    UseRecorder recorder,
    ChangeHub hub,
    TimeProvider time
)
{
    /// <summary>Within this time the server does not check an expiry or the end of an overlap again.</summary>
    private static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(100);

    /// <summary>Take it before reading the facts.</summary>
    public Judgement Now => new(hub.Position, time.GetTimestamp());

    /// <summary>The APIs and roles that the server judges a caller by.</summary>
    public ValueTask<Catalog> CatalogAsync() => catalogs.GetAsync();

    /// <summary>Waits until the facts hold the change with that number.</summary>
    public Task CatchUpAsync(long position, TimeSpan patience) => hub.ReachedAsync(position, patience);

    /// <summary>The caller as it is now, at <see cref="ChangeHub.Position"/> or later.</summary>
    /// <exception cref="ProblemException">401: the caller may no longer call.</exception>
    public async ValueTask<Caller> AgainAsync(Caller before)
    {
        var judgedAt = Now;
        var result = await reauthentication.OfAsync(before.Credential);
        var (code, management) = Judge(await catalogs.GetAsync(), result, before);
        if (code == VerificationCode.Valid && result is Authenticated authenticated)
        {
            return before.Now(authenticated, management, judgedAt);
        }

        recorder.Decided(
            new Use
            {
                Door = before.IsClient ? DoorNames.ClientAuthentication : DoorNames.Management,
                Result = AuditReason.Of(code),
                Credential = result,
                Api = before.IsClient ? null : ManagementApi.Resource,
                From = UseCircumstances.Of(before.Request),
                Method = before.Request.Method,
                Path = before.Request.Path,
            }
        );
        throw Problems.CredentialNotGood();
    }

    /// <summary>For a hot path: returns the same caller if nothing can have changed since it was judged. This compares only a number and the clock.</summary>
    /// <inheritdoc cref="AgainAsync"/>
    public ValueTask<Caller> IfOldAsync(Caller caller) =>
        caller.JudgedAt.Position == hub.Position && time.GetElapsedTime(caller.JudgedAt.At) < Brief ? new(caller) : AgainAsync(caller);

    private static (string Code, ScopeSet Management) Judge(Catalog catalog, AuthenticationResult result, Caller before) =>
        result is not Authenticated authenticated ? (result.Code, ScopeSet.Empty)
        : before.AuthMethod is not { } method
            ? AccessDecision.Decide(catalog, authenticated, Requirement.AtOwnApi(before.Possession, before.Request.Address))
        : !authenticated.Owner.Client.Takes(method) ? (VerificationCode.CredentialKindNotAccepted, ScopeSet.Empty)
        : !AccessDecision.IsAddressAllowed(authenticated, before.Request.Address) ? (VerificationCode.IpNotAllowed, ScopeSet.Empty)
        : (VerificationCode.Valid, ScopeSet.Empty);
}
