namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>Where a request carries what authenticates its client. A request carries it in the header or in one form parameter, not in both.</summary>
public enum CredentialPlace
{
    /// <summary>The <c>Authorization</c> header.</summary>
    Header,

    /// <summary>A form parameter of the method's own.</summary>
    Form,

    /// <summary>Neither: the connection, the grant, or nothing. Methods of this place read only requests without a credential in header or form.</summary>
    Elsewhere,
}
