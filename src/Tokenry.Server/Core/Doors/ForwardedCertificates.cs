using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Certificates;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Doors;

/// <summary>
/// Reads the client certificate that a trusted proxy forwards in the configured header. If any other sender sets the header, it tries to impersonate a client:
/// the server ignores the header and raises a signal. A trusted proxy must send a valid header, or the request is refused. If clients can add to a proxy's
/// header, the server cannot trust that proxy at all.
/// </summary>
internal sealed class ForwardedCertificates(RequestDelegate next, TokenryOptions options, Signals signals)
{
    private readonly ClientCertificateHeader header = options.Tls.ClientCertificateHeader!;

    public Task InvokeAsync(HttpContext context)
    {
        if (!header.IsIn(context.Request.Headers))
        {
            return next(context);
        }

        var request = RequestFacts.Of(context);
        if (!request.IsFromProxy)
        {
            signals.Raise(Signals.ForgedCertificate, credentialId: null, AuditEntry.Anonymous, UseCircumstances.Of(request));
            return next(context);
        }

        if (!header.TryRead(context.Request.Headers, out var certificate) || request.IsToldPlain)
        {
            certificate?.Dispose();
            return RefuseAsync(context);
        }

        if (certificate is not null)
        {
            ClientCertificate.Forward(context, certificate);
        }

        return next(context);
    }

    private static Task RefuseAsync(HttpContext context)
    {
        const string fault =
            "the header of the client certificate must hold one certificate, appear once, be spelled one way and come with https: let the proxy set it and clear the client's";
        return context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>() is { Kind: RouteAuthentication.Client }
            ? OAuthRefusal.InvalidRequestAsync(context.Response, fault)
            : throw new ProblemException(400, ProblemCode.InvalidRequest, fault);
    }
}
