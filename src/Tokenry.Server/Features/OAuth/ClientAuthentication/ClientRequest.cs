using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>The input of a client authentication method. Not a record: a record would print the secrets in the form.</summary>
public readonly struct ClientRequest(IHeaderDictionary headers, FormParameters form, ClientCertificate? certificate)
{
    /// <summary>The request headers.</summary>
    public IHeaderDictionary Headers => headers;

    /// <summary>The parameters of the form.</summary>
    public FormParameters Form => form;

    /// <summary>The TLS client certificate; <c>null</c> if the request has none.</summary>
    public ClientCertificate? Certificate => certificate;

    /// <summary>Whether the endpoint is open to public clients.</summary>
    public bool TakesPublic { get; init; }

    /// <summary>Whether the subject token of the grant may authenticate the client.</summary>
    public bool TakesSubject { get; init; }
}
