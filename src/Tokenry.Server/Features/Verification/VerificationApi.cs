using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Features.Verification;

/// <summary><c>/v1/verify</c>: 200 for every well-formed request, whatever the answer.</summary>
public static class VerificationApi
{
    public static IServiceCollection AddVerification(this IServiceCollection services) => services.AddSingleton<VerifyEndpoint>();

    public static void MapVerification(this IEndpointRouteBuilder app) =>
        app.MapPost(
                "/v1/verify",
                async Task<IResult> (Caller caller, Body<VerifyRequest> body, VerifyEndpoint verify) =>
                {
                    var (code, answer) = await verify.RunAsync(caller, body.Value);
                    return answer is null ? TypedResults.Ok(new VerifyRefusal(Valid: false, code)) : TypedResults.Ok(answer);
                }
            )
            .WithTags("Verification")
            .Produces<VerifyAnswer>()
            .WithSummary("Check whether a credential is good for a request.")
            .Needs(ManagementApi.Verify);
}
