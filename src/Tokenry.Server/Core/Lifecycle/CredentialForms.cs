using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>The form for a new credential: what it offers, what a link or an earlier attempt put in, and the request that it makes.</summary>
public sealed class CredentialForms(GrantableScopes grantable, LimitsOfForms limits, FreshAuthentication fresh, TimeProvider time)
{
    /// <summary>The form before its first attempt.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="ownerId">The owner of the new credential.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="query">What the address asks for.</param>
    public async Task<CredentialForm> AskedAsync(Caller caller, string ownerId, string kind, IQueryCollection query) =>
        CredentialForm.Asked(
            await grantable.ListAsync(caller, ownerId, kind),
            query,
            await limits.OfAsync(caller, ownerId, kind),
            CredentialPages.Once()
        );

    /// <summary>The form after an attempt that was refused.</summary>
    /// <inheritdoc cref="AskedAsync"/>
    /// <param name="caller">The caller.</param>
    /// <param name="ownerId">The owner of the new credential.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="form">What the person sent.</param>
    /// <param name="problem">The refusal.</param>
    public async Task<CredentialForm> RefusedAsync(Caller caller, string ownerId, string kind, PageForm form, ProblemException problem) =>
        CredentialForm.Refused(
            await grantable.ListAsync(caller, ownerId, kind),
            form,
            await limits.OfAsync(caller, ownerId, kind),
            new Refusal(problem, CredentialPages.Once())
        );

    /// <summary>What the policies and settings allow a new credential.</summary>
    /// <inheritdoc cref="AskedAsync"/>
    public Task<CredentialLimits> LimitsAsync(Caller caller, string ownerId, string kind) => limits.OfAsync(caller, ownerId, kind);

    /// <summary>Requires a fresh proof, because the form makes a secret.</summary>
    public void RequireFresh(Caller caller) => fresh.Require(caller);

    /// <summary>The request that the form makes. It makes a secret, so it needs a person who proved who they are a short time ago.</summary>
    public CredentialRequest Request(Caller caller, PageForm form)
    {
        fresh.Require(caller);
        return CredentialForm.Request(form, time.GetUtcNow());
    }

    /// <summary>The way to a fresh proof before the person fills in a form; <c>null</c> = the proof is fresh.</summary>
    public IResult? Confirmation(Caller caller, HttpRequest request) =>
        fresh.Has(caller) ? null : FreshAuthentication.Before(request.Path.ToUriComponent() + request.QueryString.ToUriComponent());
}
