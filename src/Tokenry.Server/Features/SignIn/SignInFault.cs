using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary>What is wrong with a form of the sign-in pages, and the status of the page that says so.</summary>
public sealed class SignInFault
{
    /// <param name="text">What the page says.</param>
    /// <param name="status">The status of the page.</param>
    public SignInFault(PageText text, int status = StatusCodes.Status422UnprocessableEntity)
    {
        Text = text;
        Status = status;
    }

    /// <param name="refusal">Why an operation refused.</param>
    public SignInFault(ProblemException refusal)
    {
        Refusal = refusal;
        Status = refusal.Status == StatusCodes.Status400BadRequest ? StatusCodes.Status422UnprocessableEntity : refusal.Status;
        if (refusal.Errors?.GetValueOrDefault("password") is { } password)
        {
            (Text, Faults) = (new PageText("sign_in_fault.new_password"), password);
        }
        else if (refusal.Errors?.GetValueOrDefault("name") is { } name)
        {
            (Text, Faults) = (new PageText("sign_in_fault.passkey_name"), name);
        }
    }

    public int Status { get; }

    /// <summary>What the page says; with <see cref="Faults"/> only what they are about. <c>null</c> = the words of the refusal.</summary>
    public PageText? Text { get; }

    public IReadOnlyList<FieldFault> Faults { get; } = [];

    public ProblemException? Refusal { get; }

    /// <summary>Whether the person can mend it in the same form.</summary>
    public static bool IsForForm(ProblemException problem) =>
        problem.Code is ProblemCode.InvalidRequest or ProblemCode.TooManyRequests or ProblemCode.LimitReached or ProblemCode.AlreadyExists;
}
