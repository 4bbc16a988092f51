namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>The place of the client's credential in a request: the header or one form parameter, never both.</summary>
public enum CredentialPlace
{
    /// <summary>The <c>Authorization</c> header.</summary>
    Header,

    /// <summary>A form parameter that belongs to the method.</summary>
    Form,

    /// <summary>Neither: the connection, the grant, or nothing. Methods of this place read only requests without a credential in header or form.</summary>
    Elsewhere,
}
