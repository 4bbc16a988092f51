using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>Writes an error answer (RFC 9457) with the headers that belong to it.</summary>
public static class ProblemAnswer
{
    public static Task WriteAsync(HttpContext context, ProblemException problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        response.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        if (problem.Challenge is { } challenge)
        {
            response.Headers.WWWAuthenticate = challenge.ToString();
        }

        if (problem.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(
            new Problem
            {
                Title = ReasonPhrases.GetReasonPhrase(problem.Status),
                Status = problem.Status,
                Detail = problem.Message,
                Code = problem.Code,
                RequestId = RequestFacts.Of(context).RequestId,
                Errors = problem.Errors?.ToDictionary(
                    error => error.Key,
                    error => error.Value.Select(fault => fault.Words).ToArray(),
                    StringComparer.Ordinal
                ),
                MissingScopes = problem.MissingScopes,
                AcceptedCredentials = problem.AcceptedCredentials,
                UsedBy = problem.UsedBy,
                Limit = problem.Limit,
                ExpiredAt = problem.ExpiredAt,
                Policy = problem.Policy,
                Gains = problem.Effect?.Gains,
                Loses = problem.Effect?.Loses,
            },
            TokenryJson.Strict
        );
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body).AsTask();
    }
}
