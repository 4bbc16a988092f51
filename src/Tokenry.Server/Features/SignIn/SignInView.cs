using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.SignIn;

/// <summary>What the sign-in pages show. A class and not a record: a record would print the code of a link.</summary>
public sealed class SignInView
{
    public SignInView(HttpContext context)
    {
        var services = context.RequestServices;
        var options = services.GetRequiredService<TokenryOptions>();
        Root = new Uri(options.Issuer).AbsolutePath.TrimEnd('/');
        Providers = options.SignIn.Providers;
        var party = services.GetRequiredService<RelyingParty>();
        Address = party.Address;
        OffersPasskeys = party.IsAt(context.Request);
        PasskeyAddress = party.Id is null ? null : party.Address;
        IsFresh = SessionCaller.Of(context) is { } caller && services.GetRequiredService<FreshAuthentication>().Has(caller);
    }

    /// <summary>The path of the issuer, before every path of this server.</summary>
    public string Root { get; }

    /// <summary>The address under which a person opens the pages, to which a provider sends them back.</summary>
    public string Address { get; }

    /// <summary>The outside providers.</summary>
    public IReadOnlyList<SignInProviderOptions> Providers { get; }

    /// <summary>The person's accounts at providers.</summary>
    public IReadOnlyList<LinkedAccountRow> LinkedAccounts { get; init; } = [];

    /// <summary>The provider of an account that is to be linked.</summary>
    public string? ProviderLabel { get; init; }

    /// <summary>An account that is to be linked, sealed.</summary>
    public string? Account { get; init; }

    /// <summary>Whether the browser can use passkeys on this page.</summary>
    public bool OffersPasskeys { get; }

    /// <summary>The address at which passkeys work; <c>null</c> = at none, because the server has no host name.</summary>
    public string? PasskeyAddress { get; }

    /// <summary>The person's passkeys.</summary>
    public IReadOnlyList<Passkey> Passkeys { get; init; } = [];

    /// <summary>Whether the person has a passkey to confirm with.</summary>
    public bool HasPasskey { get; init; }

    /// <summary>Whether the person has a password to confirm with.</summary>
    public bool HasPassword { get; init; } = true;

    /// <summary>Whether a link may set a passkey in place of a password.</summary>
    public bool SetsPasskey { get; init; }

    /// <summary>Whether the person proved who they are a short time ago.</summary>
    public bool IsFresh { get; }

    /// <summary>The page to go on with; a path of this server.</summary>
    public string Return { get; init; } = SignInPages.Home;

    /// <summary>What is wrong with the form, for the person.</summary>
    public SignInFault? Error { get; init; }

    /// <summary>What happened before, for the person.</summary>
    public PageText? Notice { get; init; }

    /// <summary>The e-mail address: as typed, or of the person of a link.</summary>
    public string? Name { get; init; }

    /// <summary>The code of a link.</summary>
    public string? Code { get; init; }

    public IReadOnlyList<Session> Sessions { get; init; } = [];

    /// <summary>The person's second factor.</summary>
    public SecondFactorState SecondFactor { get; init; } = new(null, 0);

    /// <summary>Whether the person has to enter a code, too.</summary>
    public bool NeedsCode { get; init; }

    /// <summary>Whether a link also removes the second factor.</summary>
    public bool ResetsSecondFactor { get; init; }

    /// <summary>What the person gives to an authenticator app.</summary>
    public SecondFactorEnrolment? Enrolment { get; init; }

    /// <summary>Recovery codes, shown once.</summary>
    public IReadOnlyList<Secret> RecoveryCodes { get; init; } = [];

    /// <summary>The person's tokens that work now.</summary>
    public IReadOnlyList<Credential> Tokens { get; init; } = [];
}
