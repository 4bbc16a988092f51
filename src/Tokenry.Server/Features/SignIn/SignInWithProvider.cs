using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// Signs a person in by an account at an outside provider. Issuer and subject find the user. For an unknown account the provider's policy decides: it is refused,
/// or a user is created. The provider answers for how the person proves who they are, so no code follows.
/// </summary>
public sealed class SignInWithProvider(
    Gate gate,
    ProviderUsers users,
    SignInThrottle throttle,
    SessionStart sessions,
    Denials denials,
    TimeProvider time
)
{
    /// <summary>Counts an attempt before the server asks the provider.</summary>
    /// <exception cref="ProblemException">429: too many attempts.</exception>
    public void Count(RequestFacts request)
    {
        if (throttle.Count(request.Address) is { Ticks: > 0 } wait)
        {
            denials.RecordSignIn(request, user: null, "too_many_attempts");
            throw SignInWithPassword.TooMany(wait);
        }
    }

    /// <summary>Records that an answer of a provider did not count.</summary>
    public void Refuse(RequestFacts request, string reason) => denials.RecordSignIn(request, user: null, reason);

    /// <param name="request">The request.</param>
    /// <param name="provider">The provider.</param>
    /// <param name="signIn">The sign-in that was under way.</param>
    /// <param name="identity">Who the provider says that the person is.</param>
    /// <param name="before">The caller that this browser was signed in as until now; its session ends. <c>null</c> = none.</param>
    /// <returns>The new session; <c>null</c> = the account belongs to no user who may sign in, or the sign-in was used before.</returns>
    /// <exception cref="ProblemException">409: a user has the e-mail address of the account.</exception>
    public async Task<NewSession?> RunAsync(
        RequestFacts request,
        SignInProviderOptions provider,
        ProviderSignIn signIn,
        ProviderIdentity identity,
        Caller? before
    )
    {
        var found = await users.FindAsync(identity);
        if (found is null && !provider.CreatesUsers)
        {
            denials.RecordSignIn(request, user: null, "account_not_linked");
            return null;
        }

        var person = found ?? await users.PrepareAsync(provider, identity);
        try
        {
            var session = await gate.ProvedAsync(
                request,
                person.Id,
                "session.created",
                async (tx, entry) =>
                {
                    entry.ChangedNothing = true;
                    if (!await ProviderSignIns.ClaimAsync(tx, signIn))
                    {
                        denials.RecordSignIn(request, found is null ? null : person.Id, "provider_answer_used");
                        return null;
                    }

                    if (found is null)
                    {
                        await users.CreateAsync(tx, entry, person, identity);
                    }
                    else if (
                        await SignInData.HoldAsync(tx, person.Id) is not { Enabled: 1 }
                        || await LinkedAccountStore.FindAsync(tx, identity.Issuer, identity.Subject) is not { } account
                        || account.UserId != person.Id
                    )
                    {
                        denials.RecordSignIn(request, person.Id, "user_disabled");
                        return null;
                    }
                    else
                    {
                        await LinkedAccountStore.UsedAsync(tx, account.Id, time.GetUtcNow().ToUnixTimeMilliseconds());
                    }

                    if (before is not null && SessionCaller.SessionOf(before) is { } old)
                    {
                        await SessionStore.EndAsync(tx, old.UserId, old.Id);
                    }

                    var begun = await sessions.BeginAsync(tx, person.Id, request);
                    entry.ChangedNothing = false;
                    entry.TargetType = SessionStart.SessionTarget;
                    entry.TargetId = begun.Id;
                    entry.Reason = $"provider {provider.Name}";
                    return begun;
                }
            );
            if (session is not null)
            {
                throttle.TakeBack(request.Address);
            }

            return session;
        }
        catch (UniqueViolationException)
        {
            throw ProviderUsers.EmailTaken(); // of two first sign-ins at once, one made the user
        }
    }
}
