using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Verification;

/// <summary>The doors: <c>/v1/verify</c> (200 for every well-formed request, for any result), its batch, and <c>/v1/forward-auth</c> for proxies.</summary>
public static class VerificationApi
{
    public static IServiceCollection AddVerification(this IServiceCollection services) =>
        services.AddSingleton<VerifyEndpoint>().AddSingleton<ForwardAuthEndpoint>().AddSingleton<UpstreamToken>();

    public static void MapVerification(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1").WithTags("Verification");
        // These routes do not use the framework's binding of parameters and results, which costs as much as the verification.
        var verify = app.ServiceProvider.GetRequiredService<VerifyEndpoint>();
        group
            .MapPost("/verify", verify.ServeAsync)
            .Exchanges<VerifyRequest, VerifyAnswer>()
            .OrAnswers(typeof(VerifyRefusal))
            .WithSummary("Check whether a credential is good for a request.")
            .IsUncounted()
            .Needs(ManagementApi.Verify);
        group
            .MapPost("/verify/batch", verify.ServeBatchAsync)
            .Exchanges<VerifyBatchRequest, VerifyBatchAnswer>()
            .WithSummary("Check up to a hundred credentials at once, in order.")
            .IsUncounted()
            .Needs(ManagementApi.Verify);
        var door = app.ServiceProvider.GetRequiredService<ForwardAuthEndpoint>();
        group
            .MapGet("/forward-auth", door.ServeAsync)
            .WithSummary("Let a proxy ask whether the request it holds may pass; what is required stands in the query.")
            .Answers(contentType: null)
            .IsDoor();
        // Some proxies use the method of the client's request, which can be any method.
        group.Map("/forward-auth", door.ServeAsync).ExcludeFromDescription().IsDoor();
    }
}
